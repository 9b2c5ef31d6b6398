// Takes a block of points through a program, forward and back.
//
// A jet is an array [channels][streams][points]. Rules say how streams mix (plan.py). Points fill
// whole vectors: the last one is repeated where there are too few, and does not count.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "functions.h"
#include "linear.h"
#include "memory.h"
#include "products.h"
#include "program.h"

// What residuals are: the outputs, what is missing to targets, or numbers whose products with
// given slopes are summed.
enum Aim { VANISH, MEET, SLOPES };

template <class T>
class Run {
 public:
  // With `apart` > 0 a gradient has so many columns, one for each point: those of output `only`.
  Run(const Program& program, const T* const* tensors, T* const* gradients, int64_t most,
      int64_t apart, int64_t only, Rounding ahead, Rounding behind)
      : p(program), tensors(tensors), gradients(gradients),
        grain(ahead || behind ? 2 * LINE : LINE), most(whole(most)), apart(apart), only(only),
        differentiate(gradients) {
    const int64_t n = p.node_count;
    touched.resize(n);
    arrange();
    int64_t widest = 0;
    for (int64_t i = 0; i < n; ++i) widest = std::max(widest, p.nodes[i].width);
    scratch = std::make_unique<Scratch<T>>(widest, this->most, ahead || behind,
                                           ahead == SPLIT || behind == SPLIT);
    linear.resize(n);
    for (int64_t i = 0; i < n; ++i)
      if (const Node& node = p.nodes[i]; node.kind == LINEAR) {
        const Node& from = p.nodes[input(node, 0)];
        linear[i] = std::make_unique<Linear<T>>(
            tensors[node.first], node.width, from.width, ahead, behind,
            differentiate && from.trains, differentiate && gradients[node.first] && !apart,
            *scratch);
      }
  }

  // Add to the gradients what was summed over all blocks.
  void finish() {
    for (int64_t i = 0; i < p.node_count; ++i)
      if (T* to = linear[i] && differentiate && !apart ? gradients[p.nodes[i].first] : nullptr)
        linear[i]->credit(to);
  }

  // Points [count][dimension], the first of number `first`; adds to losses[output], and to the
  // gradients. Targets are [count][width of the output].
  void run(const T* points, const T* weights, const T* targets, Aim aim, int64_t first,
           int64_t count, double factor, double* losses, T* residuals, int64_t stride);

 private:
  static constexpr int64_t LINE = Vector<T>::lanes;

  const Program& p;
  const T* const* tensors;
  T* const* gradients;
  int64_t grain, most, b = 0;  // points come in so many; most points at a time; points now
  int64_t apart, only, column_of = 0, counted = 0;
  bool differentiate;
  std::vector<int64_t> value_place, adjoint_place, uses;  // uses: how many nodes take the value
  std::vector<char> touched, twins;  // twins: whether a node takes the other of sine and cosine
  std::vector<std::unique_ptr<Linear<T>>> linear;
  std::unique_ptr<Scratch<T>> scratch;
  Room<T> store;
  T f[HIGHEST + 1][TILE];
  T mixed[TILE], brought[HIGHEST][TILE], parts[4][TILE];

  int64_t whole(int64_t n) const { return shares(n, grain) * grain; }
  // Sines keep their cosine, and the reverse, behind their streams.
  static bool is_wave(const Node& node) {
    return node.kind == FUNCTION && (node.function == SIN || node.function == COS);
  }
  int64_t streams(int64_t i) const { return p.nodes[i].flat ? 1 : p.streams; }
  // Numbers from one channel to the next: an odd number of lines, lest all fall on a few places
  // of the cache.
  int64_t row(int64_t i) const {
    const bool gate = p.nodes[i].kind == GATE;  // base, sine and cosine
    return lines(streams(i) + (gate ? 3 : is_wave(p.nodes[i])));
  }
  int64_t adjoint_row(int64_t i) const { return lines(streams(i)); }
  int64_t lines(int64_t streams) const { return (streams * most / LINE | 1) * LINE; }
  T* value(int64_t i) { return store + value_place[i]; }
  T* adjoint(int64_t i) { return store + adjoint_place[i]; }

  // In arrange.h: where all that lies.
  void arrange();
  std::vector<char> kept() const;
  bool passes(int64_t i, int64_t part) const;
  int64_t size(int64_t i, int64_t row) const { return shares(p.nodes[i].width, 16) * 16 * row; }

  int64_t input(const Node& node, int64_t k) const { return p.inputs[node.inputs + k]; }
  // Streams side by side where they touch: (how many pieces, points in each).
  int64_t pieces(int64_t i) const { return b == most ? 1 : streams(i); }
  int64_t piece(int64_t i) const { return b == most ? streams(i) * b : b; }

  // Call each(stream place, points, first channel number) for the pieces of all channels.
  template <class F>
  void sweep(int64_t i, F each) {
    for (int64_t c = 0; c < p.nodes[i].width; ++c)
      for (int64_t s = 0; s < pieces(i); ++s) each(c, s * most, piece(i));
  }

  void begin(int64_t i, const T* points, int64_t count) {
    const int64_t d = p.nodes[i].width;
    for (int64_t c = 0; c < d; ++c) {
      T* y = value(i) + c * row(i);
      for (int64_t e = 0; e < b; ++e) y[e] = points[std::min(e, count - 1) * d + c];
      for (int64_t s = 1; s < p.streams; ++s)
        std::fill_n(y + s * most, b, T(p.first_order[s * d + c]));
    }
  }

  // Add to the adjoint of a node, or set it where it is the first time.
  void give(int64_t i, int64_t offset, int64_t count, const T* g, int64_t stride = 0) {
    for (int64_t s = 0; s < count; ++s) {
      T* to = adjoint(i) + offset + s * most;
      const T* from = g + s * stride;
      const int64_t n = b;
      if (touched[i]) EACH to[e] += from[e];
      else std::memcpy(to, from, n * sizeof(T));
    }
  }

  // Give a node's adjoint to an input; what nobody else adds to need not be copied.
  void pass(int64_t i, int64_t to) {
    if (adjoint_place[to] != adjoint_place[i])
      for (int64_t c = 0; c < p.nodes[i].width; ++c)
        give(to, c * adjoint_row(to), streams(i), adjoint(i) + c * adjoint_row(i), most);
    touched[to] = 1;
  }

  T constant(const Node& node, int64_t channel) const {
    if (node.first < 0) return T(p.detail[node.detail]);
    return tensors[node.first][p.sizes[node.first] > 1 ? channel : 0];
  }

  // A number of a gate's channel.
  T number(const Node& node, int64_t k, int64_t channel) const {
    return tensors[int64_t(p.detail[node.detail + k])][channel];
  }

  // The first channel of a node, or that of the same number where it has several.
  const T* channel(int64_t i, int64_t c) {
    return value(i) + (p.nodes[i].width > 1 ? c : 0) * row(i);
  }

  // One operation, in forward.h and backward.h.
  void forward(int64_t i);
  void backward(int64_t i);

  // Set an adjoint to zero, unless something was added to it.
  void clear(int64_t i) {
    if (!touched[i])
      sweep(i, [&](int64_t c, int64_t at, int64_t n) {
        std::fill_n(adjoint(i) + c * adjoint_row(i) + at, n, T(0));
      });
    touched[i] = 1;
  }

  // Where a channel of joined or chosen columns comes from.
  std::pair<int64_t, int64_t> origin(const Node& node, int64_t c) const {
    if (node.kind == COLUMNS) return {input(node, 0), int64_t(p.detail[node.detail + c])};
    int64_t k = 0;
    while (c >= p.nodes[input(node, k)].width) c -= p.nodes[input(node, k++)].width;
    return {input(node, k), c};
  }

  void add(T* y, T k) {
    const int64_t n = b;
    EACH y[e] += k;
  }
  void add_scaled(T* y, T k, const T* x) {
    const int64_t n = b;
    EACH y[e] += k * x[e];
  }
  // Add adjoints, or their products with z, to a number of a gradient: summed, or point by point.
  void credit(T* gradient, int64_t number, int64_t count, const T* g, const T* z = nullptr) {
    T *to = gradient + number * apart + column_of, total = 0;
    for (int64_t s = 0; s < count; ++s, g += most, z += z ? most : 0) {
      const int64_t n = counted;
      if (apart && z) EACH to[e] += g[e] * z[e];
      else if (apart) EACH to[e] += g[e];
      else total += sum_of<T>(g, z, b);
    }
    if (!apart) gradient[number] += total;
  }

  template <class F>
  void pairs(const Node& node, F each) {
    if (node.flat) return each(T(1), 0, 0, 0);
    for (int64_t k = 0; k < p.pair_count; ++k)
      each(T(p.pairs[k].c), p.pairs[k].stream, p.pairs[k].left, p.pairs[k].right);
  }

  // Elementwise functions, in chain.h.
  void apply(const Term& t, const T* z, const T* g, bool add, T* out, int64_t n);
  void chain(const T* z, T* y, int64_t n);
  void function(int64_t i, int64_t c);
  void function_back(int64_t i, int64_t c);
  const T* slopes_of(int64_t function, const T* z, int64_t n, const T* y, const T* other);
  // Diagonal gates, in gate.h.
  void gate_derivatives(const Node& node, int64_t c, const T* z, int64_t order, T* kept, bool known);
  void gate(int64_t i, int64_t c);
  void gate_back(int64_t i, int64_t c);
  bool plain(int64_t i) const { return streams(i) == 1; }
};
