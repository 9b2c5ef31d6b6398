// Runs a program of jets (program.py) for a range of points: residuals, losses, and the gradient of
// the losses or of each residual with respect to the tensors of the program. Some hundred points at a time go through
// all operations forward and backward, so that nothing they need leaves the cache.
//
// A jet is an array [channels][streams][points]. Rules say how streams mix (plan.py). Points fill
// whole vectors: the last one is repeated where there are too few, and does not count.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "functions.h"
#include "products.h"

enum Kind { INPUT, LINEAR, FUNCTION, ADD, PRODUCT, SCALE, SHIFT, JOIN, COLUMNS, STREAM };
constexpr int64_t FACTORS = 4;

struct Node {
  int64_t kind, width, flat, trains, function, first, second;  // two tensors, or -1
  int64_t inputs, input_count, detail, detail_count;           // places in the lists below
  int64_t partner;  // an earlier sine of the same jet where this is its cosine, or the reverse
};
// Faa di Bruno: adds c f^(order) z_factors to the stream `to` of f(z); on the way back, times the
// adjoint of `stream`, to the adjoint of z.
struct Term { double c; int64_t to, stream, order, count, factors[FACTORS]; };
struct Pair { double c; int64_t stream, left, right; };  // Leibniz

struct Program {
  int64_t dimension, streams, order;
  int64_t node_count, forward_count, backward_count, pair_count, output_count;
  const Node* nodes;
  const int64_t* inputs;
  const double* detail;
  const Term *forward, *backward;
  const Pair* pairs;
  const double* first_order;  // [streams][dimension]
  const int64_t* outputs;
  const int64_t* sizes;  // of the tensors
};

template <class T>
class Run {
 public:
  // With `apart` > 0 a gradient has so many columns, one for each point: those of output `only`.
  Run(const Program& program, const T* const* tensors, T* const* gradients, int64_t most,
      int64_t apart, int64_t only)
      : p(program), tensors(tensors), gradients(gradients), most(whole(most)), apart(apart),
        only(only) {
    const int64_t n = p.node_count;
    uses.assign(n, 0);
    for (int64_t i = 0; i < n; ++i) {
      place.push_back(total);
      total += p.nodes[i].width * row(i);
      for (int64_t k = 0; k < p.nodes[i].input_count; ++k) ++uses[input(p.nodes[i], k)];
    }
    for (int64_t o = 0; o < p.output_count; ++o) ++uses[p.outputs[o]];
    touched.resize(n);
    adjoint_of.resize(n);
    store.reset(new T[2 * total + LINE]);
    size_t space = (2 * total + LINE) * sizeof(T);
    void* start = store.get();
    values = (T*)std::align(BYTES, 2 * total * sizeof(T), start, space);
  }

  // Points [count][dimension], the first of number `first`; adds to losses[output], and to the
  // gradients.
  void run(const T* points, const T* weights, int64_t first, int64_t count, double factor,
           bool differentiate, double* losses, T* residuals, int64_t stride) {
    b = whole(count), column_of = first, counted = count;
    for (int64_t i = 0; i < p.node_count; ++i) {
      adjoint_of[i] = values + total + place[i];
      touched[i] = 0;
      p.nodes[i].kind == INPUT ? begin(i, points, count) : forward(i);
    }
    for (int64_t o = 0; o < p.output_count; ++o) {
      const int64_t i = p.outputs[o];
      const T* r = value(i);
      double sum = 0;
      for (int64_t e = 0; e < count; ++e)
        sum += double(r[e]) * r[e] * (weights ? weights[e] : T(1));
      losses[o] += factor * sum;
      if (residuals) std::memcpy(residuals + o * stride, r, count * sizeof(T));
      if (!differentiate || !p.nodes[i].trains || (apart && o != only)) continue;
      std::vector<T> seed(b, 0);
      for (int64_t e = 0; e < count; ++e)
        seed[e] = apart ? T(1) : T(2 * factor) * r[e] * (weights ? weights[e] : T(1));
      give(i, 0, 1, seed.data());
      touched[i] = 1;
    }
    if (differentiate)
      for (int64_t i = p.node_count; i-- > 0;)
        if (touched[i] && p.nodes[i].kind != INPUT) backward(i);
  }

 private:
  static constexpr int64_t LINE = Vector<T>::lanes;

  const Program& p;
  const T* const* tensors;
  T* const* gradients;
  int64_t most, total = 0, b = 0;  // most points at a time; numbers; points now
  int64_t apart, only, column_of = 0, counted = 0;
  std::vector<int64_t> place, uses;  // of each node: its numbers, how many nodes take its value
  std::vector<char> touched;
  std::unique_ptr<T[]> store;
  T* values;
  std::vector<T*> adjoint_of;
  T f[HIGHEST + 1][TILE];
  T mixed[TILE];

  static int64_t whole(int64_t n) { return (n + LINE - 1) / LINE * LINE; }
  // Sines keep their cosine, and the reverse, behind their streams.
  static bool is_wave(const Node& node) {
    return node.kind == FUNCTION && (node.function == SIN || node.function == COS);
  }
  int64_t streams(int64_t i) const { return p.nodes[i].flat ? 1 : p.streams; }
  // Numbers from one channel to the next: an odd number of lines, lest all fall on a few places
  // of the cache.
  int64_t row(int64_t i) const {
    return ((streams(i) + is_wave(p.nodes[i])) * most / LINE | 1) * LINE;
  }
  T* value(int64_t i) { return values + place[i]; }
  T* adjoint(int64_t i) { return adjoint_of[i]; }
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
    if (uses[to] == 1 && row(i) == row(to)) {
      adjoint_of[to] = adjoint_of[i];
    } else {
      for (int64_t c = 0; c < p.nodes[i].width; ++c)
        give(to, c * row(to), streams(i), adjoint(i) + c * row(i), most);
    }
    touched[to] = 1;
  }

  T constant(const Node& node, int64_t channel) const {
    if (node.first < 0) return T(p.detail[node.detail]);
    return tensors[node.first][p.sizes[node.first] > 1 ? channel : 0];
  }

  // The first channel of a node, or that of the same number where it has several.
  const T* channel(int64_t i, int64_t c) { return value(i) + (p.nodes[i].width > 1 ? c : 0) * row(i); }

  void forward(int64_t i) {
    const Node& node = p.nodes[i];
    const int64_t from = input(node, 0), w = node.width;
    T* y = value(i);
    switch (node.kind) {
      case LINEAR: {
        const int64_t w0 = p.nodes[from].width;
        for (int64_t s = 0; s < pieces(i); ++s)
          multiply<T>({tensors[node.first], w0, 1}, w, value(from) + s * most, row(from), w0,
                      y + s * most, row(i), piece(i), false);
        if (node.second >= 0)
          for (int64_t c = 0; c < w; ++c) add(y + c * row(i), tensors[node.second][c]);
        break;
      }
      case FUNCTION:
        for (int64_t c = 0; c < w; ++c) function(i, c);
        break;
      case ADD: {
        const int64_t other = input(node, 1);
        sweep(i, [&](int64_t c, int64_t at, int64_t n) {
          const T *u = channel(from, c) + at, *v = channel(other, c) + at;
          T* out = y + c * row(i) + at;
          EACH out[e] = u[e] + v[e];
        });
        break;
      }
      case PRODUCT: {
        const int64_t other = input(node, 1), n = b;
        for (int64_t c = 0; c < w; ++c) {
          for (int64_t s = 0; s < streams(i); ++s) std::fill_n(y + c * row(i) + s * most, n, T(0));
          pairs(node, [&](T k, int64_t s, int64_t l, int64_t r) {
            const T *u = channel(from, c) + l * most, *v = channel(other, c) + r * most;
            T* out = y + c * row(i) + s * most;
            EACH out[e] += k * u[e] * v[e];
          });
        }
        break;
      }
      case SCALE:
        sweep(i, [&](int64_t c, int64_t at, int64_t n) {
          const T k = constant(node, c), *z = value(from) + c * row(from) + at;
          T* out = y + c * row(i) + at;
          EACH out[e] = k * z[e];
        });
        break;
      case SHIFT:
        sweep(i, [&](int64_t c, int64_t at, int64_t n) {
          std::memcpy(y + c * row(i) + at, value(from) + c * row(from) + at, n * sizeof(T));
        });
        for (int64_t c = 0; c < w; ++c) add(y + c * row(i), constant(node, c));
        break;
      case JOIN:
      case COLUMNS:
        for (int64_t c = 0; c < w; ++c) {
          const auto [part, column] = origin(node, c);
          for (int64_t s = 0; s < streams(i); ++s)
            std::memcpy(y + c * row(i) + s * most, value(part) + column * row(part) + s * most,
                        b * sizeof(T));
        }
        break;
      case STREAM: {
        const T* z = value(from) + int64_t(p.detail[node.detail]) * row(from);
        std::fill_n(y, b, T(0));
        for (int64_t s = 0; s + 1 < node.detail_count; ++s)
          if (const T k = T(p.detail[node.detail + 1 + s])) add_scaled(y, k, z + s * most);
        break;
      }
    }
  }

  void backward(int64_t i) {
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
              credit(to, c * w0 + j, streams(i), g + c * row(i), value(from) + j * row(from));
        for (int64_t s = 0; s < pieces(i); ++s) {
          if (gradients[node.first] && !apart)
            correlate(g + s * most, row(i), w, value(from) + s * most, row(from), w0, piece(i),
                      gradients[node.first]);
          if (on)
            multiply<T>({tensors[node.first], 1, w0}, w0, g + s * most, row(i), w,
                        adjoint(from) + s * most, row(from), piece(i), touched[from]);
        }
        if (node.second >= 0 && gradients[node.second])
          for (int64_t c = 0; c < w; ++c) credit(gradients[node.second], c, 1, g + c * row(i));
        break;
      }
      case FUNCTION:
        for (int64_t c = 0; on && c < w; ++c) function_back(i, c);
        break;
      case ADD:
        for (int64_t k = 0; k < 2; ++k) {
          const int64_t part = input(node, k);
          if (!p.nodes[part].trains) continue;
          if (p.nodes[part].width == w) pass(i, part);
          else
            for (int64_t c = 0; c < w; ++c, touched[part] = 1)
              give(part, 0, streams(i), g + c * row(i), most);
        }
        return;
      case PRODUCT:
        for (int64_t k = 0; k < 2; ++k) {
          const int64_t part = input(node, k), other = input(node, 1 - k), n = b;
          if (!p.nodes[part].trains) continue;
          clear(part);
          for (int64_t c = 0; c < w; ++c)
            pairs(node, [&](T factor, int64_t s, int64_t l, int64_t r) {
              const T *gs = g + c * row(i) + s * most;
              const T* v = channel(other, c) + (k ? l : r) * most;
              T* to = adjoint(part) + (p.nodes[part].width > 1 ? c : 0) * row(part) +
                      (k ? r : l) * most;
              EACH to[e] += factor * gs[e] * v[e];
            });
        }
        return;
      case SCALE:
        if (node.first >= 0 && gradients[node.first])
          for (int64_t c = 0; c < w; ++c)
            credit(gradients[node.first], p.sizes[node.first] > 1 ? c : 0, streams(i),
                   g + c * row(i), value(from) + c * row(from));
        if (!on) return;
        sweep(i, [&](int64_t c, int64_t at, int64_t n) {
          const T* gc = g + c * row(i) + at;
          const T k = constant(node, c);
          T* to = adjoint(from) + c * row(from) + at;
          if (touched[from]) EACH to[e] += k * gc[e];
          else EACH to[e] = k * gc[e];
        });
        break;
      case SHIFT:
        if (node.first >= 0 && gradients[node.first])
          for (int64_t c = 0; c < w; ++c)
            credit(gradients[node.first], p.sizes[node.first] > 1 ? c : 0, 1, g + c * row(i));
        if (on) pass(i, from);
        return;
      case JOIN:
      case COLUMNS:
        for (int64_t k = 0; k < node.input_count; ++k)
          if (p.nodes[input(node, k)].trains) clear(input(node, k));
        for (int64_t c = 0; c < w; ++c) {
          const auto [part, column] = origin(node, c);
          if (p.nodes[part].trains) give(part, column * row(part), streams(i), g + c * row(i), most);
        }
        return;
      case STREAM:
        if (!on) return;
        clear(from);
        for (int64_t s = 0; s + 1 < node.detail_count; ++s)
          if (const T k = T(p.detail[node.detail + 1 + s]))
            add_scaled(adjoint(from) + int64_t(p.detail[node.detail]) * row(from) + s * most, k, g);
        return;
    }
    if (on) touched[from] = 1;
  }

  // Set an adjoint to zero, unless something was added to it.
  void clear(int64_t i) {
    if (!touched[i])
      sweep(i, [&](int64_t c, int64_t at, int64_t n) {
        std::fill_n(adjoint(i) + c * row(i) + at, n, T(0));
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
      const int64_t n = apart ? counted : b;
      if (apart && z) EACH to[e] += g[e] * z[e];
      else if (apart) EACH to[e] += g[e];
      else
        _Pragma("omp simd reduction(+ : total)") for (int64_t e = 0; e < n; ++e)
            total += z ? g[e] * z[e] : g[e];
    }
    if (!apart) gradient[number] += total;
  }

  template <class F>
  void pairs(const Node& node, F each) {
    if (node.flat) return each(T(1), 0, 0, 0);
    for (int64_t k = 0; k < p.pair_count; ++k)
      each(T(p.pairs[k].c), p.pairs[k].stream, p.pairs[k].left, p.pairs[k].right);
  }

  // Add a rule's product to points, or set them.
  void apply(const Term& t, const T* z, const T* g, bool add, T* out, int64_t n) {
    const T c = T(t.c), *now = f[t.order];
    if (g) {
      EACH mixed[e] = now[e] * g[e];
      now = mixed;
    }
    for (int64_t k = 0; k + 1 < t.count; ++k) {
      const T* factor = z + t.factors[k] * most;
      EACH mixed[e] = now[e] * factor[e];
      now = mixed;
    }
    const T* last = t.count ? z + t.factors[t.count - 1] * most : nullptr;
    if (last && add) EACH out[e] += c * now[e] * last[e];
    else if (last) EACH out[e] = c * now[e] * last[e];
    else if (add) EACH out[e] += c * now[e];
    else EACH out[e] = c * now[e];
  }

  void function(int64_t i, int64_t c) {
    const Node& node = p.nodes[i];
    const int64_t from = input(node, 0), last = streams(i) * most, n = b;
    const T* z = value(from) + c * row(from);
    T* y = value(i) + c * row(i);
    const T* other = node.partner < 0 ? nullptr : value(node.partner) + c * row(node.partner);
    derivatives(node.function, z, n, node.flat ? 1 : p.order, f, other ? other + last : nullptr,
                other);
    std::memcpy(y, f[0], n * sizeof(T));
    if (is_wave(node)) {
      const T sign = node.function == SIN ? 1 : -1;
      EACH y[last + e] = sign * f[1][e];
    }
    if (node.flat) return;
    for (int64_t k = 0, last = 0; k < p.forward_count; last = p.forward[k++].to) {
      const Term& t = p.forward[k];
      if (t.to) apply(t, z, nullptr, t.to == last, y + t.to * most, n);
    }
  }

  void function_back(int64_t i, int64_t c) {
    const Node& node = p.nodes[i];
    const int64_t from = input(node, 0), n = b;
    const T *z = value(from) + c * row(from), *y = value(i) + c * row(i);
    const T* g = adjoint(i) + c * row(i);
    derivatives(node.function, z, n, (node.flat ? 0 : p.order) + 1, f, y, y + streams(i) * most);
    T* back = adjoint(from) + c * row(from);
    if (node.flat) {
      const T more = touched[from] ? 1 : 0;
      EACH back[e] = (more ? back[e] : 0) + g[e] * f[1][e];
      return;
    }
    for (int64_t k = 0, last = -1; k < p.backward_count; last = p.backward[k++].to) {
      const Term& t = p.backward[k];
      apply(t, z, g + t.stream * most, touched[from] || t.to == last, back + t.to * most, n);
    }
  }
};

template <class T>
void run(const Program* program, const T* points, const T* weights, int64_t begin, int64_t end,
         int64_t total, int64_t block, double factor, const T* const* tensors, T* const* gradients,
         int64_t apart, int64_t only, double* losses, T* residuals) {
  block = std::min(block, TILE);
  Run<T> runner(*program, tensors, gradients, block, apart, only);
  for (int64_t n = begin; n < end; n += block)
    runner.run(points + n * program->dimension, weights ? weights + n : nullptr, n,
               std::min(block, end - n), factor, gradients != nullptr, losses,
               residuals ? residuals + n : nullptr, total);
}

#define ENTRY(name, T)                                                                             \
  extern "C" void name(const Program* program, const T* points, const T* weights, int64_t begin,  \
                       int64_t end, int64_t total, int64_t block, double factor,                  \
                       const T* const* tensors, T* const* gradients, int64_t apart, int64_t only, \
                       double* losses, T* residuals) {                                            \
    run(program, points, weights, begin, end, total, block, factor, tensors, gradients, apart,    \
        only, losses, residuals);                                                                 \
  }
ENTRY(jets_float, float)
ENTRY(jets_double, double)
