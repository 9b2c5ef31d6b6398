// Runs a program of jets (program.py) for a range of points: residuals, losses, and the gradient
// of the losses or of each residual with respect to the tensors of the program. Some hundred points
// at a time go through all operations forward and backward, so that nothing they need leaves the
// cache.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "arrange.h"
#include "backward.h"
#include "chain.h"
#include "forward.h"
#include "gate.h"
#include "run.h"
#include "splines.h"

template <class T>
inline void Run<T>::run(const T* points, const T* weights, const T* targets, Aim aim,
                        int64_t first, int64_t count, double factor, double* losses, T* residuals,
                        int64_t stride) {
  b = whole(count), column_of = first, counted = count;
  for (int64_t i = 0; i < p.node_count; ++i) {
    touched[i] = 0;
    p.nodes[i].kind == INPUT ? begin(i, points, count) : forward(i);
  }
  const int64_t n = count;
  for (int64_t o = 0; o < p.output_count; ++o) {
    const int64_t i = p.outputs[o], w = p.nodes[i].width;
    const bool back = differentiate && p.nodes[i].trains && (!apart || o == only);
    double sum = 0;
    for (int64_t c = 0; c < w; ++c) {
      T *r = mixed, *seed = f[0];
      std::memcpy(r, value(i) + c * row(i), n * sizeof(T));
      if (aim == MEET)
        EACH r[e] -= targets[e * w + c];
      else if (aim == SLOPES)
        EACH seed[e] = T(factor) * targets[e * w + c];
      _Pragma("omp simd reduction(+ : sum)") for (int64_t e = 0; e < n; ++e)
          sum += double(r[e]) * (aim == SLOPES ? targets[e * w + c]
                                               : r[e] * (weights ? weights[e] : T(1)));
      if (residuals) std::memcpy(residuals + (o * w + c) * stride, r, n * sizeof(T));
      if (!back) continue;
      if (apart) std::fill_n(seed, n, T(1));
      else if (aim != SLOPES) EACH seed[e] = T(2 * factor) * r[e] * (weights ? weights[e] : T(1));
      std::fill_n(seed + n, b - n, T(0));
      give(i, c * adjoint_row(i), 1, seed);
    }
    losses[o] += factor * sum;
    if (back) touched[i] = 1;
  }
  if (differentiate)
    for (int64_t i = p.node_count; i-- > 0;)
      if (touched[i] && p.nodes[i].kind != INPUT) backward(i);
}

template <class T>
void run(const Program* program, const T* points, const T* weights, const T* targets, int64_t aim,
         int64_t ahead, int64_t behind, int64_t begin, int64_t end, int64_t total, int64_t block,
         double factor, const T* const* tensors, T* const* gradients, int64_t apart, int64_t only,
         double* losses, T* residuals) {
  block = std::min(block, TILE);
  std::unique_ptr<Tiles> tiles;
  if (!TILES || !may_use_tiles()) ahead = behind = NONE;
  if (ahead || behind) tiles.reset(new Tiles);
  Run<T> runner(*program, tensors, gradients, block, apart, only, Rounding(ahead),
                Rounding(behind));
  const int64_t width = program->nodes[program->outputs[0]].width;
  for (int64_t n = begin; n < end; n += block)
    runner.run(points + n * program->dimension, weights ? weights + n : nullptr,
               targets ? targets + n * width : nullptr, Aim(aim), n, std::min(block, end - n),
               factor, losses, residuals ? residuals + n : nullptr, total);
  runner.finish();
}

// Whether this processor, and this build, have products of bfloat16 numbers.
extern "C" int jets_halves() { return TILES && may_use_tiles(); }

#define ENTRY(name, T)                                                                             \
  extern "C" void name(const Program* program, const T* points, const T* weights,                 \
                       const T* targets, int64_t aim, int64_t ahead, int64_t behind,              \
                       int64_t begin, int64_t end, int64_t total, int64_t block, double factor,   \
                       const T* const* tensors, T* const* gradients, int64_t apart, int64_t only, \
                       double* losses, T* residuals) {                                            \
    run(program, points, weights, targets, aim, ahead, behind, begin, end, total, block, factor,  \
        tensors, gradients, apart, only, losses, residuals);                                      \
  }
ENTRY(jets_float, float)
ENTRY(jets_double, double)

#define SPLINES(name, T)                                                                           \
  extern "C" int name(const T* u, const T* other, int64_t row, int64_t rows, int64_t n,            \
                      const T* knots, int64_t count, int64_t degree, int64_t outer, int64_t slopes, \
                      T* out) {                                                                    \
    return splines(u, other, row, rows, n, knots, count, degree, outer, slopes != 0, out);         \
  }
SPLINES(splines_float, float)
SPLINES(splines_double, double)
