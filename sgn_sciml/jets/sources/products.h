// Products of small matrices with rows of points. A tile of the result stays in registers; points
// lie along the vectors, so that no width of a network wastes any of them.

#pragma once

#include <algorithm>
#include <cstdint>

#if defined(__AVX512F__)
constexpr int BYTES = 64, TALL = 6, WIDE = 4;  // a tile fills most of the registers
#elif defined(__AVX__)
constexpr int BYTES = 32, TALL = 4, WIDE = 3;
#else
constexpr int BYTES = 16, TALL = 4, WIDE = 3;
#endif

template <class T>
struct Vector {
  typedef T type __attribute__((vector_size(BYTES), aligned(alignof(T)), may_alias));
  static constexpr int64_t lanes = BYTES / sizeof(T);
};

template <class T>
struct Matrix { const T* at; int64_t row, column; };  // and the strides

template <class T, int R, int C>
inline void tile(Matrix<T> a, const T* b, int64_t b_row, int64_t depth, T* out, int64_t out_row,
                 bool add) {
  typedef typename Vector<T>::type vec;
  constexpr int64_t lanes = Vector<T>::lanes;
  vec sum[R][C] = {};
  for (int64_t k = 0; k < depth; ++k) {
    const vec* points = (const vec*)(b + k * b_row);
    for (int r = 0; r < R; ++r)
      for (int c = 0; c < C; ++c) sum[r][c] += a.at[r * a.row + k * a.column] * points[c];
  }
  for (int r = 0; r < R; ++r)
    for (int c = 0; c < C; ++c) {
      vec* to = (vec*)(out + r * out_row + c * lanes);
      *to = add ? *to + sum[r][c] : sum[r][c];
    }
}

// All rows of the result, at C vectors of points.
template <class T, int C, int R = TALL>
void column(Matrix<T> a, int64_t rows, const T* b, int64_t b_row, int64_t depth, T* out,
            int64_t out_row, bool add) {
  while (rows >= R) {
    tile<T, R, C>(a, b, b_row, depth, out, out_row, add);
    a.at += R * a.row, out += R * out_row, rows -= R;
  }
  if constexpr (R > 1) column<T, C, R - 1>(a, rows, b, b_row, depth, out, out_row, add);
}

// out[rows][points] = A B, or that is added; B has `depth` rows, points come in whole vectors.
template <class T>
void multiply(Matrix<T> a, int64_t rows, const T* b, int64_t b_row, int64_t depth, T* out,
              int64_t out_row, int64_t points, bool add) {
  constexpr int64_t lanes = Vector<T>::lanes;
  int64_t left = points / lanes;
  for (; left >= WIDE; left -= WIDE, b += WIDE * lanes, out += WIDE * lanes)
    column<T, WIDE>(a, rows, b, b_row, depth, out, out_row, add);
  for (; left > 0; --left, b += lanes, out += lanes)
    column<T, 1>(a, rows, b, b_row, depth, out, out_row, add);
}

template <class T, int R, int C>
inline void inner(const T* a, int64_t a_row, const T* b, int64_t b_row, int64_t points, T* out,
                  int64_t width) {
  typedef typename Vector<T>::type vec;
  constexpr int64_t lanes = Vector<T>::lanes;
  vec sum[R][C] = {};
  for (int64_t e = 0; e < points; e += lanes)
    for (int c = 0; c < C; ++c) {
      const vec right = *(const vec*)(b + c * b_row + e);
      for (int r = 0; r < R; ++r) sum[r][c] += *(const vec*)(a + r * a_row + e) * right;
    }
  for (int r = 0; r < R; ++r)
    for (int c = 0; c < C; ++c) {
      T total = 0;
      for (int64_t e = 0; e < lanes; ++e) total += sum[r][c][e];
      out[r * width + c] += total;
    }
}

template <class T, int R, int C = TALL>
void inner_row(const T* a, int64_t a_row, const T* b, int64_t b_row, int64_t columns,
               int64_t points, T* out, int64_t width) {
  while (columns >= C) {
    inner<T, R, C>(a, a_row, b, b_row, points, out, width);
    b += C * b_row, out += C, columns -= C;
  }
  if constexpr (C > 1) inner_row<T, R, C - 1>(a, a_row, b, b_row, columns, points, out, width);
}

// out[rows][columns] += A B^T, summed over the points.
template <class T>
void correlate(const T* a, int64_t a_row, int64_t rows, const T* b, int64_t b_row, int64_t columns,
               int64_t points, T* out) {
  for (; rows >= WIDE; rows -= WIDE, a += WIDE * a_row, out += WIDE * columns)
    inner_row<T, WIDE>(a, a_row, b, b_row, columns, points, out, columns);
  for (; rows > 0; --rows, a += a_row, out += columns)
    inner_row<T, 1>(a, a_row, b, b_row, columns, points, out, columns);
}
