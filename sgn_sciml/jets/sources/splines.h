// B-splines of many channels, and their slopes, by the recursion of bspline.py. Channels lie along
// the vectors; knot by knot, the splines of all degrees that end there stay in registers.

#pragma once

#include <cstdint>
#include <cstring>

#include "products.h"

constexpr int64_t SPLINE_DEGREES = 5;

template <class T, int K>
class BSplines {
  typedef typename Vector<T>::type vec;
  static constexpr int64_t LANES = Vector<T>::lanes, ROWS = 16;  // points whose splines stay near

 public:
  // Knots [count][n]; `outer` of them outside either end of the grid separate nothing, if not < 0.
  BSplines(const T* knots, int64_t count, int64_t n, int64_t outer)
      : count(count), n(n), outer(outer), table(shares(n, LANES) * count * (K + 1) * LANES) {
    for (int64_t c = 0; c < n; c += LANES) {
      for (int64_t i = 0; i < count; ++i)
        save(entry(c / LANES, i), load(knots + i * n + c, std::min(LANES, n - c)), LANES);
      for (int64_t i = 0; i < count; ++i) {
        vec* to = (vec*)entry(c / LANES, i);
        for (int p = 1; p <= K && i + p < count; ++p) to[p] = 1 / (to[p * (K + 1)] - to[0]);
      }
    }
  }

  // out[rows][.. + splines * n] behind what stands beside them, [rows][n] or null.
  void values(const T* u, const T* beside, int64_t rows, T* out) const {
    const int64_t ahead = beside ? n : 0, row = ahead + (count - K - 1) * n;
    for (int64_t r = 0; r < rows && beside; ++r)
      std::memcpy(out + r * row, beside + r * n, n * sizeof(T));
    each(rows, [&](int64_t r, int64_t c, int64_t width) {
      T* to = out + r * row + ahead + c;
      walk<K>(load(u + r * n + c, width), c / LANES, [&](int64_t j, vec, vec y) {
        save(to + j * n, y, width);
      });
    });
  }

  // back[rows][n] = the sums of g [rows][row] times the slopes of the splines, g from a column on.
  void slopes(const T* u, const T* g, int64_t g_row, int64_t rows, T* back) const {
    const int64_t splines = count - K - 1;
    each(rows, [&](int64_t r, int64_t c, int64_t width) {
      const T* from = g + r * g_row + c;
      vec sum = {}, last = {};
      // p (B_j / (t_{j+p} - t_j) - B_{j+1} / (t_{j+p+1} - t_{j+1})), of one degree less
      walk<K - 1>(load(u + r * n + c, width), c / LANES, [&](int64_t j, vec inverse, vec lower) {
        const vec now = j < splines ? load(from + j * n, width) : vec{};
        sum += lower * inverse * (now - last);
        last = now;
      });
      save(back + r * n + c, T(K) * sum, width);
    });
  }

 private:
  int64_t count, n, outer;
  Room<T> table;  // [channels / LANES][count][K + 1][LANES]: knots, and inverse distances of each

  T* entry(int64_t channels, int64_t i) const {
    return table + (channels * count + i) * (K + 1) * LANES;
  }
  static vec load(const T* from, int64_t width) {
    if (width == LANES) return *(const vec*)from;
    vec found = {};
    for (int64_t e = 0; e < width; ++e) found[e] = from[e];
    return found;
  }
  static void save(T* to, vec v, int64_t width) {
    if (width == LANES) *(vec*)to = v;
    else std::memcpy(to, &v, width * sizeof(T));
  }

  template <class F>
  void each(int64_t rows, F f) const {
    for (int64_t r = 0; r < rows; r += ROWS)
      for (int64_t c = 0; c < n; c += LANES)
        for (int64_t q = r; q < std::min(rows, r + ROWS); ++q) f(q, c, std::min(LANES, n - c));
  }

  // Call found(j, 1 / (t_{j+K} - t_j), spline j of a degree) for all of them in order.
  template <int D, class F>
  void walk(vec u, int64_t channels, F found) const {
    const T* at = entry(channels, 0);
    vec step = {}, distance[D + 1] = {}, part[D + 1] = {};  // distances from the last knots
    for (int64_t i = 0; i < count; ++i, at += (K + 1) * LANES) {
      for (int p = D; p > 0; --p) distance[p] = distance[p - 1];
      distance[0] = u - *(const vec*)at;
      const vec zero = {}, one = zero + 1, half = zero + T(0.5);
      vec now = distance[0] > zero ? one : (distance[0] < zero ? zero : half);
      if (outer >= 0 && i <= outer) now = one;
      else if (outer >= 0 && i >= count - 1 - outer) now = zero;
      vec spline = step - now;
      step = now;
      for (int p = 1; p <= D; ++p) {  // spline i - p of degree p - 1 makes i - p - 1 of degree p
        const T* knot = at - p * (K + 1) * LANES;
        if (i < p) break;
        const vec mine = distance[p] * *(const vec*)(knot + p * LANES) * spline;
        spline = part[p] + spline - mine;
        part[p] = mine;
      }
      const T* first = at - (D + 1) * (K + 1) * LANES;
      if (i > D) found(i - D - 1, *(const vec*)(first + K * LANES), spline);
    }
  }
};

// Splines of points, or with g their slopes times that, for a degree; 0 where there is no code for it.
template <class T, int K = SPLINE_DEGREES>
inline int splines(const T* u, const T* other, int64_t row, int64_t rows, int64_t n,
                   const T* knots, int64_t count, int64_t degree, int64_t outer, bool slopes,
                   T* out) {
  if constexpr (K < 1) {
    return 0;
  } else {
    if (degree != K)
      return splines<T, K - 1>(u, other, row, rows, n, knots, count, degree, outer, slopes, out);
    const BSplines<T, K> made(knots, count, n, outer);
    if (slopes) made.slopes(u, other, row, rows, out);
    else made.values(u, other, rows, out);
    return 1;
  }
}
