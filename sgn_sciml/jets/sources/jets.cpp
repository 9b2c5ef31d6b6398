// Runs a program of jets (program.py) for a range of points: residuals, losses, and the gradient
// of the losses or of each residual with respect to the tensors of the program. Some hundred points
// at a time go through all operations forward and backward, so that nothing they need leaves the
// cache.

#include <algorithm>
#include <cstdint>

#include "backward.h"
#include "chain.h"
#include "forward.h"
#include "run.h"

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
