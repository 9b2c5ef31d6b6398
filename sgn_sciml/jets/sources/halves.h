// Products of bfloat16 numbers, summed in float32, by the tiles of a processor that has them.
//
// A tile is sixteen rows of 64 bytes. A product takes rows of bfloat16 numbers from the left, and
// from the right the numbers of two rows in turn, as pairs of four bytes.

#pragma once

#include <cstdint>

#if defined(__AMX_BF16__) && defined(__AVX512BF16__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>

#include "products.h"

constexpr bool TILES = true;

// Ask the kernel for the tiles' registers, for this process.
inline bool may_use_tiles() {
  constexpr int REQUEST = 0x1023, TILE_DATA = 18;
  static const bool may = syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
  return may;
}

// The tiles of a thread, all of full size.
struct Tiles {
  Tiles() {
    struct { uint8_t palette = 1, start = 0, none[14] = {}; uint16_t bytes[16] = {};
             uint8_t rows[16] = {}; } shape;
    for (int i = 0; i < 8; ++i) shape.bytes[i] = 64, shape.rows[i] = 16;
    _tile_loadconfig(&shape);
  }
  ~Tiles() { _tile_release(); }
};

inline __m512i rounded(__m512 first, __m512 second) {
  return (__m512i)_mm512_cvtne2ps_pbh(second, first);
}

// What rounding took away from sixteen numbers, and the rounded ones are `taken` from.
inline __m512 rest(__m512 x) {
  const __m512i high = _mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(x)), 16);
  return _mm512_sub_ps(x, (__m512)high);
}

// Rows of a matrix, rounded: [rows][depth], in whole tiles; `low` takes what rounding leaves.
inline void round_matrix(Matrix<float> a, int64_t rows, int64_t depth, uint16_t* out,
                         uint16_t* low, int64_t out_row) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t k = 0; k < depth; ++k) {
      const __m128 x = _mm_set_ss(a.at[r * a.row + k * a.column]);
      const uint16_t high = (uint16_t)_mm_extract_epi16((__m128i)_mm_cvtneps_pbh(x), 0);
      out[r * out_row + k] = high;
      if (!low) continue;
      const __m128 left = _mm_sub_ss(x, (__m128)_mm_cvtsi32_si128(int(uint32_t(high) << 16)));
      low[r * out_row + k] = (uint16_t)_mm_extract_epi16((__m128i)_mm_cvtneps_pbh(left), 0);
    }
}

// out[channels][points]: rows of points, rounded.
inline void round_rows(const float* x, int64_t row, int64_t channels, int64_t points,
                       uint16_t* out, uint16_t* low, int64_t out_row) {
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t e = 0; e < points; e += 32) {
      const float* at = x + c * row + e;
      const __m512 first = _mm512_loadu_ps(at), second = _mm512_loadu_ps(at + 16);
      _mm512_storeu_si512(out + c * out_row + e, rounded(first, second));
      if (low) _mm512_storeu_si512(low + c * out_row + e, rounded(rest(first), rest(second)));
    }
}

// out[channels / 2][points]: pairs of neighbouring channels, rounded; zeros up to a whole tile.
inline void pair_channels(const float* x, int64_t row, int64_t channels, int64_t points,
                          uint32_t* out, uint32_t* low, int64_t out_row) {
  alignas(64) static const uint16_t turns[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                 21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                                 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const __m512i order = _mm512_load_si512(turns);
  const __m512 zero = _mm512_setzero_ps();
  for (int64_t c = 0; c < shares(channels, 32) * 32; c += 2)
    for (int64_t e = 0; e < points; e += 16) {
      const __m512 first = c < channels ? _mm512_loadu_ps(x + c * row + e) : zero;
      const __m512 second = c + 1 < channels ? _mm512_loadu_ps(x + (c + 1) * row + e) : zero;
      const int64_t to = c / 2 * out_row + e;
      _mm512_storeu_si512(out + to, _mm512_permutexvar_epi16(order, rounded(first, second)));
      if (low)
        _mm512_storeu_si512(
            low + to, _mm512_permutexvar_epi16(order, rounded(rest(first), rest(second))));
    }
}

// out[points / 2][channels]: pairs of neighbouring points, rounded; zeros up to a whole tile.
inline void pair_points(const float* x, int64_t row, int64_t channels, int64_t points,
                        uint32_t* out, uint32_t* low, int64_t out_row) {
  for (int64_t c = 0; c < channels; c += 16)
    for (int64_t e = 0; e < points; e += 32) {
      __m512 square[16], rests[16];
      for (int64_t k = 0; k < 16; ++k) {
        square[k] = rests[k] = _mm512_setzero_ps();
        if (c + k >= channels) continue;
        const float* at = x + (c + k) * row + e;
        const __m512 first = _mm512_loadu_ps(at), second = _mm512_loadu_ps(at + 16);
        square[k] = (__m512)rounded(first, second);
        if (low) rests[k] = (__m512)rounded(rest(first), rest(second));
      }
      const int64_t to = e / 2 * out_row + c;
      transpose_square(square);
      for (int64_t k = 0; k < 16; ++k)
        _mm512_storeu_ps((float*)out + to + k * out_row, square[k]);
      if (!low) continue;
      transpose_square(rests);
      for (int64_t k = 0; k < 16; ++k)
        _mm512_storeu_ps((float*)low + to + k * out_row, rests[k]);
    }
}

struct Left { const uint16_t *high, *low; int64_t row; };   // rows of numbers; low may be null
struct Right { const uint32_t *high, *low; int64_t row; };  // rows of pairs

// Up to two by two tiles of the result.
template <bool TALLER, bool WIDER>
inline void tiles(Left a, Right b, int64_t depth, float* out, int64_t out_row, bool add) {
  const int64_t line = out_row * sizeof(float), below = 16 * out_row;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  if (add) {
    _tile_loadd(0, out, line);
    if (WIDER) _tile_loadd(1, out + 16, line);
    if (TALLER) _tile_loadd(2, out + below, line);
    if (TALLER && WIDER) _tile_loadd(3, out + below + 16, line);
  }
  const auto left = [&](const uint16_t* at, int64_t k) {
    _tile_loadd(4, at + k, 2 * a.row);
    if (TALLER) _tile_loadd(5, at + 16 * a.row + k, 2 * a.row);
  };
  const auto right = [&](const uint32_t* at, int64_t k) {
    _tile_loadd(6, at + k / 2 * b.row, 4 * b.row);
    if (WIDER) _tile_loadd(7, at + k / 2 * b.row + 16, 4 * b.row);
  };
  const auto product = [&] {
    _tile_dpbf16ps(0, 4, 6);
    if (WIDER) _tile_dpbf16ps(1, 4, 7);
    if (TALLER) _tile_dpbf16ps(2, 5, 6);
    if (TALLER && WIDER) _tile_dpbf16ps(3, 5, 7);
  };
  for (int64_t k = 0; k < depth; k += 32) {
    left(a.high, k), right(b.high, k), product();
    if (a.low) right(b.low, k), product(), left(a.low, k), right(b.high, k), product();
  }
  _tile_stored(0, out, line);
  if (WIDER) _tile_stored(1, out + 16, line);
  if (TALLER) _tile_stored(2, out + below, line);
  if (TALLER && WIDER) _tile_stored(3, out + below + 16, line);
}

// out[rows][columns] = A B, or that is added, in whole tiles. With what rounding left of both, all
// products but that of the two rests are summed.
inline void multiply_halves(Left a, int64_t rows, Right b, int64_t columns, int64_t depth,
                            float* out, int64_t out_row, bool add) {
  for (int64_t n = 0; n < columns; n += 32)
    for (int64_t m = 0; m < rows; m += 32) {
      const Left top{a.high + m * a.row, a.low ? a.low + m * a.row : nullptr, a.row};
      const Right side{b.high + n, b.low ? b.low + n : nullptr, b.row};
      float* to = out + m * out_row + n;
      const bool taller = m + 16 < rows, wider = n + 16 < columns;
      if (taller && wider) tiles<true, true>(top, side, depth, to, out_row, add);
      else if (taller) tiles<true, false>(top, side, depth, to, out_row, add);
      else if (wider) tiles<false, true>(top, side, depth, to, out_row, add);
      else tiles<false, false>(top, side, depth, to, out_row, add);
    }
}
#else
constexpr bool TILES = false;
inline bool may_use_tiles() { return false; }
struct Tiles {};
#endif
