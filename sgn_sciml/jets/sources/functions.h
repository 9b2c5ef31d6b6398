// Elementwise functions and their derivatives.

#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__) && defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)
// The C library has these for whole vectors, and compilers use them if they are told.
#define VECTOR(name, type) extern "C" __attribute__((simd("notinbranch"))) type name(type) noexcept;
VECTOR(tanh, double) VECTOR(sin, double) VECTOR(cos, double) VECTOR(exp, double) VECTOR(erf, double)
VECTOR(tanhf, float) VECTOR(sinf, float) VECTOR(cosf, float) VECTOR(expf, float) VECTOR(erff, float)
#endif
#define EACH _Pragma("omp simd") for (int64_t e = 0; e < n; ++e)

enum Function { TANH, SIN, COS, EXP, SIGMOID, GELU, SQUARE, RECIPROCAL, SQRT,
                ABS, SIGN, FLOOR, LOG, ATAN };
constexpr int64_t TILE = 512, HIGHEST = 5;

inline float tanh_(float x) { return tanhf(x); }
inline float sin_(float x) { return sinf(x); }
inline float cos_(float x) { return cosf(x); }
inline float exp_(float x) { return expf(x); }
inline float erf_(float x) { return erff(x); }
inline double tanh_(double x) { return tanh(x); }
inline double sin_(double x) { return sin(x); }
inline double cos_(double x) { return cos(x); }
inline double exp_(double x) { return exp(x); }
inline double erf_(double x) { return erf(x); }

// f, f', ... up to an order, of a tile of z; f may be known from before, and for sine and cosine
// the other of the two.
template <class T>
void derivatives(int64_t function, const T* z, int64_t n, int64_t order, T (*f)[TILE],
                 const T* known, const T* other) {
  switch (function) {
    case TANH:
    case SIGMOID: {
      const bool half = function == SIGMOID;  // (1 + tanh(z / 2)) / 2
      const T in = half ? T(0.5) : T(1);
      if (!known) EACH f[0][e] = tanh_(in * z[e]);
      else if (half) EACH f[0][e] = 2 * known[e] - 1;
      else std::memcpy(f[0], known, n * sizeof(T));
      EACH f[1][e] = 1 - f[0][e] * f[0][e];
      if (order > 1) EACH f[2][e] = -2 * f[0][e] * f[1][e];
      if (order > 2) EACH f[3][e] = f[1][e] * (6 * f[0][e] * f[0][e] - 2);
      if (order > 3) EACH f[4][e] = f[0][e] * f[1][e] * (16 - 24 * f[0][e] * f[0][e]);
      if (order > 4)
        EACH {
          const T s = f[0][e] * f[0][e];
          f[5][e] = f[1][e] * (16 - s * (120 - 120 * s));
        }
      if (half) {
        EACH f[0][e] = T(0.5) + T(0.5) * f[0][e];
        T power = T(0.25);
        for (int64_t k = 1; k <= order; ++k, power /= 2) EACH f[k][e] *= power;
      }
      break;
    }
    case SIN:
    case COS: {
      const T sign = function == SIN ? 1 : -1;  // of the first derivative
      if (known) {
        std::memcpy(f[0], known, n * sizeof(T));
        EACH f[1][e] = sign * other[e];
      } else if (function == SIN) {
        EACH f[0][e] = sin_(z[e]);
        EACH f[1][e] = cos_(z[e]);
      } else {
        EACH f[0][e] = cos_(z[e]);
        EACH f[1][e] = -sin_(z[e]);
      }
      for (int64_t k = 2; k <= order; ++k) EACH f[k][e] = -f[k - 2][e];
      break;
    }
    case EXP:
      if (known) std::memcpy(f[0], known, n * sizeof(T));
      else EACH f[0][e] = exp_(z[e]);
      for (int64_t k = 1; k <= order; ++k) EACH f[k][e] = f[0][e];
      break;
    case GELU:
      EACH {
        const T x = z[e], s = x * x;
        const T below = T(0.5) * (1 + erf_(x * T(0.70710678118654752440)));
        const T density = exp_(T(-0.5) * s) * T(0.39894228040143267794);
        f[0][e] = x * below;
        f[1][e] = below + x * density;
        f[2][e] = density;  // finished below
      }
      for (int64_t k = order; k > 1; --k)
        EACH {
          const T x = z[e], s = x * x, density = f[2][e];
          f[k][e] = density * (k == 2   ? 2 - s
                               : k == 3 ? x * (s - 4)
                               : k == 4 ? s * (7 - s) - 4
                                        : x * (18 + s * (s - 11)));
        }
      break;
    case SQUARE:
      EACH f[0][e] = z[e] * z[e];
      EACH f[1][e] = 2 * z[e];
      for (int64_t k = 2; k <= order; ++k) EACH f[k][e] = k == 2 ? 2 : 0;
      break;
    case ABS:
      EACH f[0][e] = std::abs(z[e]);
      EACH f[1][e] = T((z[e] > 0) - (z[e] < 0));
      for (int64_t k = 2; k <= order; ++k) EACH f[k][e] = 0;
      break;
    case SIGN:  // a step, whose derivatives are zero where they exist
      EACH f[0][e] = T((z[e] > 0) - (z[e] < 0));
      for (int64_t k = 1; k <= order; ++k) EACH f[k][e] = 0;
      break;
    case FLOOR:
      EACH f[0][e] = std::floor(z[e]);
      for (int64_t k = 1; k <= order; ++k) EACH f[k][e] = 0;
      break;
    case SQRT:
      EACH f[0][e] = std::sqrt(z[e]);
      for (int64_t k = 1; k <= order; ++k) EACH f[k][e] = (T(1.5) - k) * f[k - 1][e] / z[e];
      break;
    case LOG:
      EACH f[0][e] = std::log(z[e]);
      if (order > 0) EACH f[1][e] = 1 / z[e];
      for (int64_t k = 2; k <= order; ++k) EACH f[k][e] = (1 - k) * f[k - 1][e] / z[e];
      break;
    case ATAN:
      EACH f[0][e] = std::atan(z[e]);
      for (int64_t k = 1; k <= order; ++k)
        EACH {
          const T x = z[e], s = x * x, r = 1 / (1 + s);
          f[k][e] = k == 1   ? r
                    : k == 2 ? -2 * x * r * r
                    : k == 3 ? (6 * s - 2) * r * r * r
                    : k == 4 ? 24 * x * (1 - s) * r * r * r * r
                             : 24 * (1 + s * (5 * s - 10)) * r * r * r * r * r;
        }
      break;
    case RECIPROCAL:
      EACH f[0][e] = 1 / z[e];
      for (int64_t k = 1; k <= order; ++k) EACH f[k][e] = -k * f[k - 1][e] * f[0][e];
      break;
  }
}
