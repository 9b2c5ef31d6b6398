// Diagonal gates of jets: a base function and a wave, T(z) = f(z) + a cos(w z + b) + s sin(w z + b).
//
// With G_k the adjoints that the chain rule brings to the k-th derivative of T, the numbers of a
// gate get sums of G_k times the derivatives of T^(k) with respect to them.

#pragma once

#include "run.h"

// Derivatives of a gate up to an order into f. Base, sine and cosine are kept behind the streams.
template <class T>
inline void Run<T>::gate_derivatives(const Node& node, int64_t c, const T* z, int64_t order,
                                     T* kept, bool known) {
  const T w = number(node, 0, c), shift = number(node, 1, c);
  const T a = number(node, 2, c), s = number(node, 3, c);
  T *base = kept, *sine = kept + most, *cosine = kept + 2 * most;
  const int64_t n = b;
  if (!known) {
    EACH mixed[e] = w * z[e] + shift;
    waves(mixed, n, sine, cosine);
  }
  if (node.function >= 0) {
    derivatives(node.function, z, n, order, f, known ? base : nullptr, (const T*)nullptr);
    if (!known) std::memcpy(base, f[0], n * sizeof(T));
  }
  // the wave and its derivatives by its phase: p, q, -p, -q, ...
  T factor = 1;
  for (int64_t k = 0; k <= order; ++k, factor *= w) {
    const T sign = k & 2 ? -factor : factor;
    const T by_cosine = sign * (k & 1 ? s : a), by_sine = sign * (k & 1 ? -a : s);
    T* to = f[k];
    if (node.function >= 0) EACH to[e] += by_cosine * cosine[e] + by_sine * sine[e];
    else EACH to[e] = by_cosine * cosine[e] + by_sine * sine[e];
  }
}

template <class T>
inline void Run<T>::gate(int64_t i, int64_t c) {
  const Node& node = p.nodes[i];
  const int64_t from = input(node, 0), n = b, order = plain(i) ? 0 : p.order;
  const T* z = value(from) + c * row(from);
  T* y = value(i) + c * row(i);
  gate_derivatives(node, c, z, order, y + streams(i) * most, false);
  std::memcpy(y, f[0], n * sizeof(T));
  if (!plain(i)) chain(z, y, n);
}

template <class T>
inline void Run<T>::gate_back(int64_t i, int64_t c) {
  const Node& node = p.nodes[i];
  const int64_t from = input(node, 0), n = b, order = plain(i) ? 0 : p.order;
  const bool on = p.nodes[from].trains;
  const T *z = value(from) + c * row(from), *g = adjoint(i) + c * adjoint_row(i);
  T* kept = value(i) + c * row(i) + streams(i) * most;
  const T *sine = kept + most, *cosine = kept + 2 * most;
  gate_derivatives(node, c, z, order + 1, kept, true);
  const T w = number(node, 0, c), a = number(node, 2, c), s = number(node, 3, c);
  // G_k, then their sums with even and odd k, as they meet the wave and the next derivative of it
  std::memcpy(brought[0], g, n * sizeof(T));
  for (int64_t k = 1; k <= order; ++k) std::fill_n(brought[k], n, T(0));
  for (int64_t k = 0; k < p.forward_count && order > 0; ++k) {
    const Term& t = p.forward[k];
    if (!t.to) continue;
    const T *now = g + t.to * most, factor = T(t.c);
    for (int64_t j = 0; j + 1 < t.count; ++j) {
      const T* other = z + t.factors[j] * most;
      EACH mixed[e] = now[e] * other[e];
      now = mixed;
    }
    const T* last = z + t.factors[t.count - 1] * most;
    T* to = brought[t.order];
    EACH to[e] += factor * now[e] * last[e];
  }
  T plus[HIGHEST], slope[HIGHEST];  // (+-) w^k, and its derivative
  T power = 1, before = 0;
  for (int64_t k = 0; k <= order; ++k, before = power, power *= w)
    plus[k] = k & 2 ? -power : power, slope[k] = (k & 2 ? -k : k) * before;
  T *even = parts[0], *odd = parts[1], *even_slope = parts[2], *odd_slope = parts[3];
  for (int64_t r = 0; r < 4; ++r) {
    const T* by = r < 2 ? plus : slope;
    T* to = parts[r];
    const int64_t first = r & 1;
    if (first > order) std::fill_n(to, n, T(0));
    else EACH to[e] = by[first] * brought[first][e];
    for (int64_t k = first + 2; k <= order; k += 2) EACH to[e] += by[k] * brought[k][e];
  }
  if (on) {
    T* back = adjoint(from) + c * adjoint_row(from);
    const bool add = touched[from];
    if (add) EACH back[e] += brought[0][e] * f[1][e];
    else EACH back[e] = brought[0][e] * f[1][e];
    for (int64_t k = 1; k <= order; ++k) EACH back[e] += brought[k][e] * f[k + 1][e];
    for (int64_t k = 0, last = 0; k < p.backward_count && order > 0; last = p.backward[k++].to) {
      const Term& t = p.backward[k];
      if (t.to) apply(t, z, g + t.stream * most, add || t.to == last, back + t.to * most, n);
    }
  }
  EACH {
    const T x = even[e], y = odd[e], cos = cosine[e], sin = sine[e];
    const T wave = a * cos + s * sin, next = s * cos - a * sin, by_phase = x * next - y * wave;
    even[e] = x * cos - y * sin;
    odd[e] = x * sin + y * cos;
    const T by_factor = even_slope[e] * wave + odd_slope[e] * next;
    even_slope[e] = by_phase;
    odd_slope[e] = z[e] * by_phase + by_factor;
  }
  constexpr int64_t order_of[] = {3, 2, 0, 1};  // parts of w, b, a and s
  for (int64_t k = 0; k < 4; ++k)
    if (T* to = gradients[int64_t(p.detail[node.detail + k])]) credit(to, c, 1, parts[order_of[k]]);
}
