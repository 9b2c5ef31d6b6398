// What one operation gives back: to the adjoints of its inputs, and to the gradients.

#pragma once

#include "run.h"

template <class T>
inline void Run<T>::backward(int64_t i) {
  const Node& node = p.nodes[i];
  const int64_t from = input(node, 0), w = node.width;
  const T* g = adjoint(i);
  const bool on = p.nodes[from].trains;
  switch (node.kind) {
    case LINEAR: {
      const int64_t w0 = p.nodes[from].width;
      if (T* to = gradients[node.first]; to && apart)
        for (int64_t c = 0; c < w; ++c)
          for (int64_t j = 0; j < w0; ++j)
            credit(to, c * w0 + j, streams(i), g + c * adjoint_row(i), value(from) + j * row(from));
      for (int64_t s = 0; s < pieces(i); ++s) {
        const T* slopes = g + s * most;
        if (gradients[node.first] && !apart)
          linear[i]->correlate(slopes, adjoint_row(i), value(from) + s * most, row(from), piece(i));
        if (on)
          linear[i]->back(slopes, adjoint_row(i), adjoint(from) + s * most, adjoint_row(from),
                          piece(i), touched[from]);
      }
      if (node.second >= 0 && gradients[node.second])
        for (int64_t c = 0; c < w; ++c) credit(gradients[node.second], c, 1, g + c * adjoint_row(i));
      break;
    }
    case FUNCTION:
      for (int64_t c = 0; on && c < w; ++c) function_back(i, c);
      break;
    case GATE:
      for (int64_t c = 0; c < w; ++c) gate_back(i, c);
      break;
    case ADD:
      for (int64_t k = 0; k < 2; ++k) {
        const int64_t part = input(node, k);
        if (!p.nodes[part].trains) continue;
        if (streams(part) < streams(i)) {
          for (int64_t c = 0; c < w; ++c) give(part, c * row(part), 1, g + c * row(i));
          touched[part] = 1;
        } else if (p.nodes[part].width == w) pass(i, part);
        else
          for (int64_t c = 0; c < w; ++c, touched[part] = 1)
            give(part, 0, streams(i), g + c * adjoint_row(i), most);
      }
      return;
    case PRODUCT:
      for (int64_t k = 0; k < 2; ++k) {
        const int64_t part = input(node, k), other = input(node, 1 - k), n = b;
        if (!p.nodes[part].trains) continue;
        clear(part);
        for (int64_t c = 0; c < w; ++c)
          pairs(node, [&](T factor, int64_t s, int64_t l, int64_t r) {
            const T *gs = g + c * adjoint_row(i) + s * most;
            const T* v = channel(other, c) + (k ? l : r) * most;
            T* to = adjoint(part) + (p.nodes[part].width > 1 ? c : 0) * adjoint_row(part) +
                    (k ? r : l) * most;
            EACH to[e] += factor * gs[e] * v[e];
          });
      }
      return;
    case SCALE:
      if (node.first >= 0 && gradients[node.first])
        for (int64_t c = 0; c < w; ++c)
          credit(gradients[node.first], p.sizes[node.first] > 1 ? c : 0, streams(i),
                 g + c * adjoint_row(i), value(from) + c * row(from));
      if (!on) return;
      sweep(i, [&](int64_t c, int64_t at, int64_t n) {
        const T* gc = g + c * adjoint_row(i) + at;
        const T k = constant(node, c);
        T* to = adjoint(from) + c * adjoint_row(from) + at;
        if (touched[from]) EACH to[e] += k * gc[e];
        else EACH to[e] = k * gc[e];
      });
      break;
    case SHIFT:
      if (node.first >= 0 && gradients[node.first])
        for (int64_t c = 0; c < w; ++c)
          credit(gradients[node.first], p.sizes[node.first] > 1 ? c : 0, 1, g + c * adjoint_row(i));
      if (on) pass(i, from);
      return;
    case JOIN:
    case COLUMNS:
      for (int64_t k = 0; k < node.input_count; ++k)
        if (p.nodes[input(node, k)].trains) clear(input(node, k));
      for (int64_t c = 0; c < w; ++c) {
        const auto [part, column] = origin(node, c);
        if (p.nodes[part].trains) give(part, column * adjoint_row(part), streams(i), g + c * adjoint_row(i), most);
      }
      return;
    case STREAM:
      if (!on) return;
      clear(from);
      for (int64_t s = 0; s + 1 < node.detail_count; ++s)
        if (const T k = T(p.detail[node.detail + 1 + s]))
          add_scaled(adjoint(from) + int64_t(p.detail[node.detail]) * adjoint_row(from) + s * most, k, g);
      return;
  }
  if (on) touched[from] = 1;
}
