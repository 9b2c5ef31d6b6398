// Elementwise functions and their derivatives.

#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__) && defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)
// The C library has these for whole vectors, and compilers use them if they are told.
#define VECTOR(name, type) extern "C" __attribute__((simd("notinbranch"))) type name(type) noexcept;
VECTOR(tanh, double) VECTOR(sin, double) VECTOR(cos, double) VECTOR(exp, double) VECTOR(erf, double)
VECTOR(tanhf, float) VECTOR(expf, float) VECTOR(erff, float)
#endif
#define EACH _Pragma("omp simd") for (int64_t e = 0; e < n; ++e)

enum Function { TANH, SIN, COS, EXP, SIGMOID, GELU, SQUARE, RECIPROCAL, SQRT,
                ABS, SIGN, FLOOR, LOG, ATAN };
constexpr int64_t TILE = 512, HIGHEST = 5;

inline float tanh_(float x) { return tanhf(x); }
inline float exp_(float x) { return expf(x); }
inline float erf_(float x) { return erff(x); }
inline double tanh_(double x) { return tanh(x); }
inline double exp_(double x) { return exp(x); }
inline double erf_(double x) { return erf(x); }

// Sine and cosine of a tile.
inline void waves(const double* z, int64_t n, double* sine, double* cosine) {
  EACH sine[e] = sin(z[e]);
  EACH cosine[e] = cos(z[e]);
}

// Both from one reduction to a quarter turn, by the minimax polynomials of Cephes: off by at most
// an ulp and a half below `FAR`. The multiples of pi / 2 are taken away in three parts, each
// exact in a fused product.
inline void waves(const float* z, int64_t n, float* sine, float* cosine) {
  constexpr float FAR = 1e5f, ROUND = 12582912.0f;  // 1.5 * 2^23: what it is added to is rounded
  int32_t far = 0;
  _Pragma("omp simd reduction(| : far)") for (int64_t e = 0; e < n; ++e) {
    const float x = z[e], shifted = x * 0.636619772367581f + ROUND, turns = shifted - ROUND;
    float r = x - turns * 1.57079637050628662109375f;
    r = r + turns * 4.37113900018624283e-8f;
    r = r + turns * 1.71512451306516e-15f;
    far |= !(std::abs(x) < FAR);
    const float s = r * r;
    const float a = r + r * s * (-1.6666654611e-1f + s * (8.3321608736e-3f + s * -1.9515295891e-4f));
    const float b = 1 - 0.5f * s + s * s * (4.166664568298827e-2f +
                    s * (-1.388731625493765e-3f + s * 2.443315711809948e-5f));
    int32_t quarter;
    std::memcpy(&quarter, &shifted, 4);
    const float p = quarter & 1 ? b : a, q = quarter & 1 ? a : b;
    sine[e] = quarter & 2 ? -p : p;
    cosine[e] = (quarter + 1) & 2 ? -q : q;
  }
  for (int64_t e = 0; far && e < n; ++e)
    if (const float x = z[e]; !(std::abs(x) < FAR)) sine[e] = std::sin(x), cosine[e] = std::cos(x);
}

// Sine alone, from one reduction to half a turn, by a minimax polynomial; two ulp.
inline void sine_of(const float* z, int64_t n, float* sine) {
  constexpr float FAR = 1e5f, ROUND = 12582912.0f;
  int32_t far = 0;
  _Pragma("omp simd reduction(| : far)") for (int64_t e = 0; e < n; ++e) {
    const float x = z[e], shifted = x * 0.318309886183791f + ROUND, turns = shifted - ROUND;
    float r = x - turns * 3.1415927410125732421875f;
    r = r + turns * 8.74227800037248566e-8f;
    r = r + turns * 3.43024902613032e-15f;
    far |= !(std::abs(x) < FAR);
    const float s = r * r;
    const float y = r + r * s * (-1.6666657e-1f + s * (8.3330171e-3f + s * (-1.9806615e-4f +
                        s * 2.6000532e-6f)));
    int32_t half;
    std::memcpy(&half, &shifted, 4);
    sine[e] = half & 1 ? -y : y;
  }
  for (int64_t e = 0; far && e < n; ++e)
    if (!(std::abs(z[e]) < FAR)) sine[e] = std::sin(z[e]);
}
inline void sine_of(const double* z, int64_t n, double* sine) { EACH sine[e] = sin(z[e]); }

// A function alone, where its value is made without the derivatives; or false.
template <class T>
bool values(int64_t function, const T* z, int64_t n, T* y) {
  switch (function) {
    case SIN: sine_of(z, n, y); return true;
    case TANH: EACH y[e] = tanh_(z[e]); return true;
    case SIGMOID: EACH y[e] = T(0.5) + T(0.5) * tanh_(T(0.5) * z[e]); return true;
    case EXP: EACH y[e] = exp_(z[e]); return true;
    case GELU: EACH y[e] = z[e] * T(0.5) * (1 + erf_(z[e] * T(0.70710678118654752440))); return true;
    case SQUARE: EACH y[e] = z[e] * z[e]; return true;
    case ABS: EACH y[e] = std::abs(z[e]); return true;
    default: return false;
  }
}

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
        waves(z, n, f[0], f[1]);
      } else {
        waves(z, n, f[1], f[0]);
        EACH f[1][e] = -f[1][e];
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
