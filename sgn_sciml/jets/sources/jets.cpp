// Runs a program of jets (program.py) for a range of points: residuals, losses, and the gradient
// of the losses or of each residual with respect to the tensors of the program. Some hundred points
// at a time go through all operations forward and backward, so that nothing they need leaves the
// cache.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "backward.h"
#include "chain.h"
#include "forward.h"
#include "run.h"

template <class T>
inline void Run<T>::run(const T* points, const T* weights, int64_t first, int64_t count, double factor,
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
