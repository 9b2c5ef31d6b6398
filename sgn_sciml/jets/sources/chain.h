// Elementwise functions of jets by Faa di Bruno's formula.

#pragma once

#include "run.h"

// Add a rule's product to points, or set them.
template <class T>
inline void Run<T>::apply(const Term& t, const T* z, const T* g, bool add, T* out, int64_t n) {
  const T c = T(t.c), *now = f[t.order];
  if (g) {
    EACH mixed[e] = now[e] * g[e];
    now = mixed;
  }
  for (int64_t k = 0; k + 1 < t.count; ++k) {
    const T* factor = z + t.factors[k] * most;
    EACH mixed[e] = now[e] * factor[e];
    now = mixed;
  }
  const T* last = t.count ? z + t.factors[t.count - 1] * most : nullptr;
  if (last && add) EACH out[e] += c * now[e] * last[e];
  else if (last) EACH out[e] = c * now[e] * last[e];
  else if (add) EACH out[e] += c * now[e];
  else EACH out[e] = c * now[e];
}

template <class T>
inline void Run<T>::function(int64_t i, int64_t c) {
  const Node& node = p.nodes[i];
  const int64_t from = input(node, 0), last = streams(i) * most, n = b;
  const T* z = value(from) + c * row(from);
  T* y = value(i) + c * row(i);
  const bool twin = differentiate || twins[i] || node.function == COS;  // sine and cosine
  if (plain(i) && is_wave(node) && node.partner < 0 && twin)
    return node.function == SIN ? waves(z, n, y, y + last) : waves(z, n, y + last, y);
  if (plain(i) && node.partner < 0 && values(node.function, z, n, y)) return;
  const T* other = node.partner < 0 ? nullptr : value(node.partner) + c * row(node.partner);
  derivatives(node.function, z, n, plain(i) ? 1 : p.order, f, other ? other + last : nullptr,
              other);
  std::memcpy(y, f[0], n * sizeof(T));
  if (is_wave(node)) {
    const T sign = node.function == SIN ? 1 : -1;
    EACH y[last + e] = sign * f[1][e];
  }
  if (!plain(i)) chain(z, y, n);
}

// All streams but the value, of derivatives in f.
template <class T>
inline void Run<T>::chain(const T* z, T* y, int64_t n) {
  for (int64_t k = 0, last = 0; k < p.forward_count; last = p.forward[k++].to) {
    const Term& t = p.forward[k];
    if (t.to) apply(t, z, nullptr, t.to == last, y + t.to * most, n);
  }
}

template <class T>
inline void Run<T>::function_back(int64_t i, int64_t c) {
  const Node& node = p.nodes[i];
  const int64_t from = input(node, 0), n = b;
  const T *z = value(from) + c * row(from), *y = value(i) + c * row(i);
  const T* g = adjoint(i) + c * adjoint_row(i);
  T* back = adjoint(from) + c * adjoint_row(from);
  if (plain(i)) {
    const T* slopes = slopes_of(node.function, z, n, y, y + most);
    if (touched[from]) EACH back[e] += g[e] * slopes[e];
    else EACH back[e] = g[e] * slopes[e];
    return;
  }
  derivatives(node.function, z, n, p.order + 1, f, y, y + streams(i) * most);
  for (int64_t k = 0, last = -1; k < p.backward_count; last = p.backward[k++].to) {
    const Term& t = p.backward[k];
    apply(t, z, g + t.stream * most, touched[from] || t.to == last, back + t.to * most, n);
  }
}

// The first derivative of a function without streams.
template <class T>
inline const T* Run<T>::slopes_of(int64_t function, const T* z, int64_t n, const T* y,
                                  const T* other) {
  switch (function) {
    case SIN: return other;
    case COS: EACH mixed[e] = -other[e]; return mixed;
    case EXP: return y;
    default: derivatives(function, z, n, 1, f, y, other); return f[1];
  }
}
