// Where the values of nodes lie, and their adjoints. A place is taken again when nothing reads what
// is there any more, so that fewer numbers stay in the cache.

#pragma once

#include "run.h"

// Whether the way back reads a value.
template <class T>
inline std::vector<char> Run<T>::kept() const {
  std::vector<char> kept(p.node_count, 0);
  for (int64_t o = 0; o < p.output_count; ++o) kept[p.outputs[o]] = 1;
  for (int64_t i = 0; differentiate && i < p.node_count; ++i) {
    const Node& node = p.nodes[i];
    if (!node.trains) continue;
    // some functions have their derivatives from their values
    const bool known = node.kind == FUNCTION && plain(i) &&
                       (is_wave(node) || node.function == TANH || node.function == SIGMOID ||
                        node.function == EXP);
    if (node.kind == FUNCTION || node.kind == GATE) kept[i] = 1;
    if (node.kind == ADD || node.kind == SHIFT || node.kind == JOIN || node.kind == COLUMNS ||
        node.kind == STREAM || known)
      continue;
    if (node.kind == LINEAR && !gradients[node.first]) continue;
    if (node.kind == SCALE && (node.first < 0 || !gradients[node.first])) continue;
    for (int64_t k = 0; k < node.input_count; ++k) kept[input(node, k)] = 1;
  }
  return kept;
}

// Whether an input takes over the adjoint of a node: nobody else adds to it.
template <class T>
inline bool Run<T>::passes(int64_t i, int64_t part) const {
  const Node &node = p.nodes[i], &from = p.nodes[part];
  if (uses[part] != 1 || from.width != node.width || adjoint_row(i) != adjoint_row(part))
    return false;
  return node.kind == ADD || node.kind == SHIFT || (node.kind == FUNCTION && plain(i));
}

template <class T>
inline void Run<T>::arrange() {
  const int64_t n = p.node_count;
  Places places;
  uses.assign(n, 0), twins.assign(n, 0);
  value_place.resize(n), adjoint_place.assign(n, -1);
  std::vector<int64_t> last(n);  // the node that reads a value last, on the way ahead
  for (int64_t i = 0; i < n; ++i) {
    last[i] = i;
    for (int64_t k = 0; k < p.nodes[i].input_count; ++k)
      ++uses[input(p.nodes[i], k)], last[input(p.nodes[i], k)] = i;
    if (const int64_t twin = p.nodes[i].partner; twin >= 0) last[twin] = i, twins[twin] = 1;
  }
  for (int64_t o = 0; o < p.output_count; ++o) ++uses[p.outputs[o]];
  const std::vector<char> stays = kept();
  for (int64_t i = 0; i < n; ++i) {
    value_place[i] = places.take(size(i, row(i)));
    for (int64_t k = 0; k <= i; ++k)
      if (last[k] == i && !stays[k]) places.leave(value_place[k], size(k, row(k)));
  }
  std::vector<int64_t> sharing(n, 0);  // nodes that have one adjoint, by the first of them
  std::vector<int64_t> owner(n, -1);
  const auto own = [&](int64_t i) {
    if (owner[i] >= 0) return;
    adjoint_place[i] = places.take(size(i, adjoint_row(i)));
    owner[i] = i, sharing[i] = 1;
  };
  for (int64_t o = 0; differentiate && o < p.output_count; ++o) own(p.outputs[o]);
  for (int64_t i = n; differentiate && i-- > 0;) {
    if (owner[i] < 0 || p.nodes[i].kind == INPUT) continue;
    for (int64_t k = 0; k < p.nodes[i].input_count; ++k) {
      const int64_t part = input(p.nodes[i], k);
      if (!p.nodes[part].trains || owner[part] >= 0) continue;
      const bool alone = sharing[owner[i]] == 1;  // else others would lose what is turned
      if (passes(i, part) && (p.nodes[i].kind != FUNCTION || alone)) {
        adjoint_place[part] = adjoint_place[i], owner[part] = owner[i], ++sharing[owner[i]];
      } else {
        own(part);
      }
    }
    if (--sharing[owner[i]] == 0)
      places.leave(adjoint_place[owner[i]], size(owner[i], adjoint_row(owner[i])));
  }
  store = Room<T>(places.total);
}
