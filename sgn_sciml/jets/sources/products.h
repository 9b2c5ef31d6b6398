// Products of small matrices with rows of points. A tile of the result stays in registers; points
// lie along the vectors, so that no width of a network wastes any of them.

#pragma once

#include <algorithm>
#include <cstdint>
#include <new>

#if defined(__AVX512F__)
#include <immintrin.h>
constexpr int BYTES = 64, TALL = 8, WIDE = 3;  // a tile fills most of the registers
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

// Numbers on a line of the cache, zero at first.
template <class T>
class Room {
 public:
  Room() = default;
  explicit Room(int64_t count)
      : at(static_cast<T*>(::operator new(std::max<int64_t>(1, count) * sizeof(T), LINE))) {
    std::fill_n(at, count, T(0));
  }
  Room(Room&& other) noexcept : at(other.at) { other.at = nullptr; }
  Room& operator=(Room&& other) noexcept { return std::swap(at, other.at), *this; }
  ~Room() { ::operator delete(at, LINE); }
  operator T*() const { return at; }

 private:
  static constexpr std::align_val_t LINE{64};
  T* at = nullptr;
};

template <class T>
struct Matrix { const T* at; int64_t row, column; };  // and the strides

inline int64_t shares(int64_t total, int64_t most) { return (total + most - 1) / most; }

template <class T, int R, int C>
inline void tile(Matrix<T> a, const T* b, int64_t b_row, int64_t depth, const T* bias, T* out,
                 int64_t out_row, bool add) {
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
      const vec found = bias ? sum[r][c] + bias[r] : sum[r][c];
      *to = add ? *to + found : found;
    }
}

// A tile of at most R rows of a matrix, packed: its columns one after the other.
template <class T, int C, int R = TALL>
inline void packed_tile(int64_t rows, const T* a, const T* b, int64_t b_row, int64_t depth,
                        const T* bias, T* out, int64_t out_row, bool add) {
  if (rows == R) return tile<T, R, C>({a, 1, R}, b, b_row, depth, bias, out, out_row, add);
  if constexpr (R > 1) packed_tile<T, C, R - 1>(rows, a, b, b_row, depth, bias, out, out_row, add);
}

template <class T, int C>
void packed_column(const T* a, int64_t rows, const T* b, int64_t b_row, int64_t depth,
                   const T* bias, T* out, int64_t out_row, bool add) {
  for (int64_t left = shares(rows, TALL), h; left > 0; --left, rows -= h) {
    h = shares(rows, left);
    packed_tile<T, C>(h, a, b, b_row, depth, bias, out, out_row, add);
    a += h * depth, out += h * out_row, bias += bias ? h : 0;
  }
}

// A matrix as `multiply` takes it: in tiles of nearly equal heights.
template <class T>
void pack(Matrix<T> a, int64_t rows, int64_t depth, T* out) {
  for (int64_t left = shares(rows, TALL), h; left > 0; --left, rows -= h, a.at += h * a.row) {
    h = shares(rows, left);
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t r = 0; r < h; ++r) *out++ = a.at[r * a.row + k * a.column];
  }
}

// out[rows][points] = A B + bias, or that is added; A is packed, B has `depth` rows, points come
// in whole vectors.
template <class T>
void multiply(const T* a, int64_t rows, const T* b, int64_t b_row, int64_t depth, const T* bias,
              T* out, int64_t out_row, int64_t points, bool add) {
  constexpr int64_t lanes = Vector<T>::lanes;
  constexpr int FLAT = 8;  // vectors of a low tile: so many sums hide their latency
  int64_t left = points / lanes;
  for (; rows <= 2 && left >= FLAT; left -= FLAT, b += FLAT * lanes, out += FLAT * lanes)
    if (rows == 1) tile<T, 1, FLAT>({a, 1, 1}, b, b_row, depth, bias, out, out_row, add);
    else tile<T, 2, FLAT>({a, 1, 2}, b, b_row, depth, bias, out, out_row, add);
  for (int64_t panels = shares(left, WIDE), w; panels > 0; --panels, left -= w) {
    w = shares(left, panels);
    if (w == 3) packed_column<T, 3>(a, rows, b, b_row, depth, bias, out, out_row, add);
    else if (w == 2) packed_column<T, 2>(a, rows, b, b_row, depth, bias, out, out_row, add);
    else packed_column<T, 1>(a, rows, b, b_row, depth, bias, out, out_row, add);
    b += w * lanes, out += w * lanes;
  }
}

// out[points][columns] = the transposed of in[columns][points], in whole vectors each.
template <class T>
inline void transpose(const T* in, int64_t in_row, int64_t columns, int64_t points, T* out,
                      int64_t out_row) {
  constexpr int64_t lanes = Vector<T>::lanes;
  for (int64_t c = 0; c < columns; c += lanes)
    for (int64_t e = 0; e < points; ++e)
      for (int64_t k = 0; k < lanes; ++k)
        out[e * out_row + c + k] = c + k < columns ? in[(c + k) * in_row + e] : T(0);
}

#if defined(__AVX512F__)
// Sixteen vectors of sixteen numbers of four bytes.
inline void transpose_square(__m512* r) {
  __m512 t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4)
    for (int k = 0; k < 2; ++k) {
      const __m512d a = (__m512d)t[i + k], b = (__m512d)t[i + 2 + k];
      r[i + 2 * k] = (__m512)_mm512_unpacklo_pd(a, b);
      r[i + 2 * k + 1] = (__m512)_mm512_unpackhi_pd(a, b);
    }
  for (int i = 0; i < 4; ++i)
    for (int k = 0; k < 16; k += 8) {
      t[k + i] = _mm512_shuffle_f32x4(r[k + i], r[k + 4 + i], 0x88);
      t[k + 4 + i] = _mm512_shuffle_f32x4(r[k + i], r[k + 4 + i], 0xdd);
    }
  for (int i = 0; i < 8; ++i) {
    r[i] = _mm512_shuffle_f32x4(t[i], t[8 + i], 0x88);
    r[8 + i] = _mm512_shuffle_f32x4(t[i], t[8 + i], 0xdd);
  }
}

template <>
inline void transpose<float>(const float* in, int64_t in_row, int64_t columns, int64_t points,
                             float* out, int64_t out_row) {
  for (int64_t c = 0; c < columns; c += 16)
    for (int64_t e = 0; e < points; e += 16) {
      __m512 square[16];
      for (int64_t k = 0; k < 16; ++k)
        square[k] = c + k < columns ? _mm512_loadu_ps(in + (c + k) * in_row + e)
                                    : _mm512_setzero_ps();
      transpose_square(square);
      for (int64_t k = 0; k < 16; ++k) _mm512_storeu_ps(out + (e + k) * out_row + c, square[k]);
    }
}
#endif

template <class T, int C, int R = TALL>
inline void strided_tile(int64_t rows, const T* a, int64_t a_row, const T* b, int64_t b_row,
                         int64_t depth, T* out, int64_t out_row) {
  if (rows == R) return tile<T, R, C>({a, a_row, 1}, b, b_row, depth, nullptr, out, out_row, true);
  if constexpr (R > 1)
    strided_tile<T, C, R - 1>(rows, a, a_row, b, b_row, depth, out, out_row);
}

template <class T, int C>
void strided_column(const T* a, int64_t a_row, int64_t rows, const T* b, int64_t b_row,
                    int64_t depth, T* out, int64_t out_row) {
  for (int64_t left = shares(rows, TALL), h; left > 0; --left, rows -= h) {
    h = shares(rows, left);
    strided_tile<T, C>(h, a, a_row, b, b_row, depth, out, out_row);
    a += h * a_row, out += h * out_row;
  }
}

// out[rows][columns] += A B, summed over the points: A is [rows][points], B is [points][columns]
// and has whole vectors of columns.
template <class T>
void correlate(const T* a, int64_t a_row, int64_t rows, const T* b, int64_t b_row, int64_t columns,
               int64_t points, T* out, int64_t out_row) {
  constexpr int64_t lanes = Vector<T>::lanes;
  int64_t left = shares(columns, lanes);
  for (int64_t panels = shares(left, WIDE), w; panels > 0; --panels, left -= w) {
    w = shares(left, panels);
    if (w == 3) strided_column<T, 3>(a, a_row, rows, b, b_row, points, out, out_row);
    else if (w == 2) strided_column<T, 2>(a, a_row, rows, b, b_row, points, out, out_row);
    else strided_column<T, 1>(a, a_row, rows, b, b_row, points, out, out_row);
    b += w * lanes, out += w * lanes;
  }
}

template <class T>
inline T lanes_sum(typename Vector<T>::type v) {
  T total = 0;
  for (int64_t e = 0; e < Vector<T>::lanes; ++e) total += v[e];
  return total;
}

// The sum of whole vectors of numbers, or of their products with others.
template <class T>
inline T sum_of(const T* g, const T* z, int64_t n) {
  typedef typename Vector<T>::type vec;
  constexpr int64_t lanes = Vector<T>::lanes;
  vec sum[4] = {};
  int64_t e = 0;
  for (; e + 4 * lanes <= n; e += 4 * lanes)
    for (int k = 0; k < 4; ++k) {
      const vec v = *(const vec*)(g + e + k * lanes);
      sum[k] += z ? v * *(const vec*)(z + e + k * lanes) : v;
    }
  for (; e < n; e += lanes) {
    const vec v = *(const vec*)(g + e);
    sum[0] += z ? v * *(const vec*)(z + e) : v;
  }
  return lanes_sum<T>((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

// out[columns] += the sums over the points of one row's products with each of some others.
template <class T, int C = 4>
inline void inner(const T* a, const T* b, int64_t b_row, int64_t columns, int64_t points, T* out) {
  typedef typename Vector<T>::type vec;
  for (; columns >= C; columns -= C, b += C * b_row, out += C) {
    vec sum[C] = {};
    for (int64_t e = 0; e < points; e += Vector<T>::lanes)
      for (int c = 0; c < C; ++c)
        sum[c] += *(const vec*)(a + e) * *(const vec*)(b + c * b_row + e);
    for (int c = 0; c < C; ++c) out[c] += lanes_sum<T>(sum[c]);
  }
  if constexpr (C > 1)
    if (columns > 0) inner<T, 1>(a, b, b_row, columns, points, out);
}
