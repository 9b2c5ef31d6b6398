// The value of one operation, with all its streams.

#pragma once

#include "run.h"

template <class T>
inline void Run<T>::forward(int64_t i) {
  const Node& node = p.nodes[i];
  const int64_t from = input(node, 0), w = node.width;
  T* y = value(i);
  switch (node.kind) {
    case LINEAR: {
      const T* bias = node.second < 0 ? nullptr : tensors[node.second];
      for (int64_t s = 0; s < pieces(i); ++s)
        linear[i]->forward(value(from) + s * most, row(from), plain(i) ? bias : nullptr,
                           y + s * most, row(i), piece(i));
      for (int64_t c = 0; bias && !plain(i) && c < w; ++c) add(y + c * row(i), bias[c]);
      break;
    }
    case FUNCTION:
      for (int64_t c = 0; c < w; ++c) function(i, c);
      break;
    case GATE:
      for (int64_t c = 0; c < w; ++c) gate(i, c);
      break;
    case ADD: {
      const int64_t other = input(node, 1);
      if (streams(other) < streams(i)) {  // numbers without derivatives
        for (int64_t c = 0; c < w; ++c) {
          for (int64_t s = 0; s < streams(i); ++s)
            std::memcpy(y + c * row(i) + s * most, value(from) + c * row(from) + s * most,
                        b * sizeof(T));
          add_scaled(y + c * row(i), T(1), value(other) + c * row(other));
        }
        break;
      }
      sweep(i, [&](int64_t c, int64_t at, int64_t n) {
        const T *u = channel(from, c) + at, *v = channel(other, c) + at;
        T* out = y + c * row(i) + at;
        EACH out[e] = u[e] + v[e];
      });
      break;
    }
    case PRODUCT: {
      const int64_t other = input(node, 1), n = b;
      for (int64_t c = 0; c < w; ++c) {
        for (int64_t s = 0; s < streams(i); ++s) std::fill_n(y + c * row(i) + s * most, n, T(0));
        pairs(node, [&](T k, int64_t s, int64_t l, int64_t r) {
          const T *u = channel(from, c) + l * most, *v = channel(other, c) + r * most;
          T* out = y + c * row(i) + s * most;
          EACH out[e] += k * u[e] * v[e];
        });
      }
      break;
    }
    case SCALE:
      sweep(i, [&](int64_t c, int64_t at, int64_t n) {
        const T k = constant(node, c), *z = value(from) + c * row(from) + at;
        T* out = y + c * row(i) + at;
        EACH out[e] = k * z[e];
      });
      break;
    case SHIFT:
      sweep(i, [&](int64_t c, int64_t at, int64_t n) {
        std::memcpy(y + c * row(i) + at, value(from) + c * row(from) + at, n * sizeof(T));
      });
      for (int64_t c = 0; c < w; ++c) add(y + c * row(i), constant(node, c));
      break;
    case JOIN:
    case COLUMNS:
      for (int64_t c = 0; c < w; ++c) {
        const auto [part, column] = origin(node, c);
        for (int64_t s = 0; s < streams(i); ++s)
          std::memcpy(y + c * row(i) + s * most, value(part) + column * row(part) + s * most,
                      b * sizeof(T));
      }
      break;
    case STREAM: {
      const T* z = value(from) + int64_t(p.detail[node.detail]) * row(from);
      std::fill_n(y, b, T(0));
      for (int64_t s = 0; s + 1 < node.detail_count; ++s)
        if (const T k = T(p.detail[node.detail + 1 + s])) add_scaled(y, k, z + s * most);
      break;
    }
  }
}
