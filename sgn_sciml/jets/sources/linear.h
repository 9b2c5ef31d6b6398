// A linear map of channels, forward and back, with its matrix laid out for the products.

#pragma once

#include <cstdint>
#include <type_traits>

#include "halves.h"
#include "products.h"

// How numbers enter products: as they are, rounded to bfloat16, or as two such numbers each.
enum Rounding { NONE, HALVES, SPLIT };

constexpr int64_t SPAN = 256;  // points of which a transposed matrix stays in the nearest cache

// What all maps of a thread share.
template <class T>
struct Scratch {
  Room<T> transposed;
  Room<uint32_t> pairs, low_pairs;
  Room<uint16_t> rows, low_rows;

  static constexpr int64_t lines(int64_t n, int64_t line) {
    return (shares(n, line) | 1) * line;  // an odd number, lest all rows fall on a few places
  }
  // For maps of at most so many channels, and so many points at a time.
  Scratch(int64_t channels, int64_t points, bool halves, bool split)
      : transposed(SPAN * lines(channels, Vector<T>::lanes)) {
    if (!halves) return;
    const int64_t whole = shares(channels, 32) * 32;
    const int64_t most = std::max(whole / 2 * lines(points, 16), points / 2 * lines(whole, 16));
    pairs = Room<uint32_t>(most), rows = Room<uint16_t>(whole * lines(points, 32));
    if (split) low_pairs = Room<uint32_t>(most), low_rows = Room<uint16_t>(whole * lines(points, 32));
  }
};

template <class T>
class Linear {
 public:
  // The matrix [rows][columns]; `back` and `sums` tell whether these are wanted.
  Linear(const T* matrix, int64_t rows, int64_t columns, Rounding ahead, Rounding behind,
         bool back, bool sums, Scratch<T>& scratch)
      : rows(rows), columns(columns), ahead(ahead), behind(behind), scratch(scratch) {
    const bool small = std::min(rows, columns) < 16;  // most of a tile would be empty
    if (small) this->ahead = this->behind = NONE;
    lay({matrix, columns, 1}, rows, columns, this->ahead, forth_matrix);
    if (back) lay({matrix, 1, columns}, columns, rows, this->behind, back_matrix);
    sum_row = Scratch<T>::lines(columns, 16);
    if (sums) total = Room<T>(shares(rows, 16) * 16 * sum_row);
  }

  // y = A x + b
  void forward(const T* x, int64_t x_row, const T* bias, T* y, int64_t y_row, int64_t points) {
    product(forth_matrix, ahead, rows, columns, x, x_row, bias, y, y_row, points, false);
  }

  // x = A^T g, or that is added
  void back(const T* g, int64_t g_row, T* x, int64_t x_row, int64_t points, bool add) {
    product(back_matrix, behind, columns, rows, g, g_row, nullptr, x, x_row, points, add);
  }

  // Add g x^T, summed over the points.
  void correlate(const T* g, int64_t g_row, const T* x, int64_t x_row, int64_t points) {
    if (rows <= 2) {
      for (int64_t r = 0; r < rows; ++r)
        inner<T>(g + r * g_row, x, x_row, columns, points, total + r * sum_row);
      return;
    }
    if constexpr (std::is_same_v<T, float> && TILES) {
      if (behind != NONE) {
        const bool split = behind == SPLIT;
        const int64_t row = Scratch<T>::lines(points, 32);
        const int64_t pair_row = Scratch<T>::lines(columns, 16);
        uint16_t* low = split ? +scratch.low_rows : nullptr;
        uint32_t* low_pairs = split ? +scratch.low_pairs : nullptr;
        round_rows(g, g_row, rows, points, scratch.rows, low, row);
        pair_points(x, x_row, columns, points, scratch.pairs, low_pairs, pair_row);
        multiply_halves({scratch.rows, low, row}, rows, {scratch.pairs, low_pairs, pair_row},
                        columns, points, total, sum_row, true);
        return;
      }
    }
    const int64_t row = Scratch<T>::lines(columns, Vector<T>::lanes);
    for (int64_t e = 0; e < points; e += SPAN) {
      const int64_t n = std::min(SPAN, points - e);
      transpose<T>(x + e, x_row, columns, n, scratch.transposed, row);
      ::correlate<T>(g + e, g_row, rows, scratch.transposed, row, columns, n, total, sum_row);
    }
  }

  // Add what was summed to a gradient.
  void credit(T* gradient) const {
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c) gradient[r * columns + c] += total[r * sum_row + c];
  }

 private:
  struct Laid { Room<T> packed; Room<uint16_t> high, low; };

  int64_t rows, columns, sum_row;
  Rounding ahead, behind;
  Scratch<T>& scratch;
  Laid forth_matrix, back_matrix;
  Room<T> total;

  void lay(Matrix<T> a, int64_t height, int64_t depth, Rounding rounding, Laid& to) {
    if constexpr (std::is_same_v<T, float> && TILES) {
      if (rounding != NONE) {
        const int64_t row = Scratch<T>::lines(depth, 32), size = shares(height, 16) * 16 * row;
        to.high = Room<uint16_t>(size);
        if (rounding == SPLIT) to.low = Room<uint16_t>(size);
        return round_matrix(a, height, depth, to.high, to.low, row);
      }
    }
    to.packed = Room<T>(height * depth);
    pack(a, height, depth, +to.packed);
  }

  void product(const Laid& a, Rounding rounding, int64_t height, int64_t depth, const T* x,
               int64_t x_row, const T* bias, T* y, int64_t y_row, int64_t points, bool add) {
    if constexpr (std::is_same_v<T, float> && TILES) {
      if (rounding != NONE) {
        const int64_t row = Scratch<T>::lines(points, 16);
        uint32_t* low = rounding == SPLIT ? +scratch.low_pairs : nullptr;
        pair_channels(x, x_row, depth, points, scratch.pairs, low, row);
        multiply_halves({a.high, a.low, Scratch<T>::lines(depth, 32)}, height,
                        {scratch.pairs, low, row}, points, depth, y, y_row, add);
        for (int64_t r = 0; bias && r < height; ++r) {
          T* to = y + r * y_row;
          const int64_t n = points;
          EACH to[e] += bias[r];
        }
        return;
      }
    }
    multiply<T>(a.packed, height, x, x_row, depth, bias, y, y_row, points, add);
  }
};
