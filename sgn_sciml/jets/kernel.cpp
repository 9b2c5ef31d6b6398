// Runs a program of jets (program.py) for a range of points: residuals, losses and the gradient of
// the losses with respect to the tensors of the program. Some hundred points at a time go through
// all operations forward and backward, so that nothing they need leaves the cache.
//
// A jet is an array [streams][points][channels]. Rules say how streams mix (plan.py).

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#if defined(__x86_64__) && defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)
// The C library has these for whole vectors, and compilers use them if they are told.
#define VECTOR(name, type) extern "C" __attribute__((simd("notinbranch"))) type name(type) noexcept;
VECTOR(tanh, double) VECTOR(sin, double) VECTOR(cos, double) VECTOR(exp, double) VECTOR(erf, double)
VECTOR(tanhf, float) VECTOR(sinf, float) VECTOR(cosf, float) VECTOR(expf, float) VECTOR(erff, float)
#endif
#define EACH _Pragma("omp simd") for (int64_t e = 0; e < n; ++e)

enum Kind { INPUT, LINEAR, FUNCTION, ADD, PRODUCT, SCALE, SHIFT, JOIN, COLUMNS, STREAM };
enum Function { TANH, SIN, COS, EXP, SIGMOID, GELU, SQUARE, RECIPROCAL };
constexpr int64_t TILE = 512, HIGHEST = 5, FACTORS = 4;

struct Node {
  int64_t kind, width, flat, trains, function, first, second;  // two tensors, or -1
  int64_t inputs, input_count, detail, detail_count;           // places in the lists below
  int64_t partner;  // an earlier sine of the same jet where this is its cosine, or the reverse
};
struct Term { double c; int64_t stream, count, factors[FACTORS]; };  // Faa di Bruno
struct Pair { double c; int64_t stream, left, right; };              // Leibniz

struct Program {
  int64_t dimension, streams, order;
  int64_t node_count, term_count, pair_count, output_count;
  const Node* nodes;
  const int64_t* inputs;
  const double* detail;
  const Term* terms;
  const Pair* pairs;
  const double* first_order;  // [streams][dimension]
  const int64_t* outputs;
  const int64_t* sizes;  // of the tensors
};

// Matrix products. A tile of the result stays in registers while the loop runs over k; for the
// small matrices of these networks that is as fast as a BLAS in single precision, and up to twice
// as fast in double. Rows of B are read in whole vectors: there must be room behind the last.
#if defined(__AVX512F__)
constexpr int BYTES = 64;
#elif defined(__AVX__)
constexpr int BYTES = 32;
#else
constexpr int BYTES = 16;
#endif
template <class T>
struct Vector {
  typedef T type __attribute__((vector_size(BYTES), aligned(alignof(T)), may_alias));
  static constexpr int64_t lanes = BYTES / sizeof(T);
};

template <class T>
struct Matrix { const T* at; int64_t row, column; };  // and the strides

template <class T, int R, int C>
void tile(Matrix<T> a, const T* b, int64_t stride, int64_t depth, T* out, int64_t wide, int64_t n,
          bool add) {
  typedef typename Vector<T>::type vec;
  constexpr int64_t lanes = Vector<T>::lanes;
  vec sum[R][C] = {};
  for (int64_t k = 0; k < depth; ++k) {
    vec row[C];
    for (int c = 0; c < C; ++c) row[c] = *(const vec*)(b + k * stride + c * lanes);
    for (int r = 0; r < R; ++r)
      for (int c = 0; c < C; ++c) sum[r][c] += a.at[r * a.row + k * a.column] * row[c];
  }
  for (int r = 0; r < R; ++r) {
    T* to = out + r * wide;
    for (int c = 0; c + 1 < C; ++c) {
      vec* whole = (vec*)(to + c * lanes);
      *whole = add ? *whole + sum[r][c] : sum[r][c];
    }
    if (n == C * lanes) {
      vec* whole = (vec*)(to + (C - 1) * lanes);
      *whole = add ? *whole + sum[r][C - 1] : sum[r][C - 1];
    } else {
      for (int64_t e = (C - 1) * lanes; e < n; ++e)
        to[e] = (add ? to[e] : 0) + sum[r][C - 1][e - (C - 1) * lanes];
    }
  }
}

template <class T, int R>
void strip(Matrix<T> a, const T* b, int64_t stride, int64_t depth, T* out, int64_t wide, bool add) {
  constexpr int64_t lanes = Vector<T>::lanes;
  for (int64_t j = 0; j < wide;) {
    const int64_t left = (wide - j + lanes - 1) / lanes, take = std::min<int64_t>(left, 4);
    const int64_t n = std::min(take * lanes, wide - j);
    switch (take) {
      case 4: tile<T, R, 4>(a, b + j, stride, depth, out + j, wide, n, add); break;
      case 3: tile<T, R, 3>(a, b + j, stride, depth, out + j, wide, n, add); break;
      case 2: tile<T, R, 2>(a, b + j, stride, depth, out + j, wide, n, add); break;
      default: tile<T, R, 1>(a, b + j, stride, depth, out + j, wide, n, add);
    }
    j += n;
  }
}

// out[rows][wide] = A B, or that is added; B has `depth` rows.
template <class T>
void multiply(Matrix<T> a, int64_t rows, const T* b, int64_t stride, int64_t depth, T* out,
              int64_t wide, bool add) {
  const bool narrow = wide <= Vector<T>::lanes;  // takes more rows to keep the processor busy
  for (int64_t i = 0; i < rows;) {
    const int64_t take = narrow && rows - i >= 12 ? 12 : std::min<int64_t>(rows - i, 6);
    const Matrix<T> part{a.at + i * a.row, a.row, a.column};
    T* to = out + i * wide;
    switch (take) {
      case 12: tile<T, 12, 1>(part, b, stride, depth, to, wide, wide, add); break;
      case 6: strip<T, 6>(part, b, stride, depth, to, wide, add); break;
      case 5: strip<T, 5>(part, b, stride, depth, to, wide, add); break;
      case 4: strip<T, 4>(part, b, stride, depth, to, wide, add); break;
      case 3: strip<T, 3>(part, b, stride, depth, to, wide, add); break;
      case 2: strip<T, 2>(part, b, stride, depth, to, wide, add); break;
      default: strip<T, 1>(part, b, stride, depth, to, wide, add);
    }
    i += take;
  }
}

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
    case RECIPROCAL:
      EACH f[0][e] = 1 / z[e];
      for (int64_t k = 1; k <= order; ++k) EACH f[k][e] = -k * f[k - 1][e] * f[0][e];
      break;
  }
}

template <class T>
class Run {
 public:
  Run(const Program& program, const T* const* tensors, T* const* gradients, int64_t block)
      : p(program), tensors(tensors), gradients(gradients), block(block) {
    int64_t total = 0, widest = 1;
    for (int64_t i = 0; i < p.node_count; ++i) {
      place.push_back(total);
      total += (streams(p.nodes[i]) + is_wave(p.nodes[i])) * block * p.nodes[i].width;
      widest = std::max(widest, p.nodes[i].width);
    }
    values.resize(total + Vector<T>::lanes);
    adjoints.resize(total);
    pack();
    touched.resize(p.node_count);
    adjoint_of.resize(p.node_count);
    uses.assign(p.node_count, 0);
    for (int64_t i = 0; i < p.node_count; ++i)
      for (int64_t k = 0; k < p.nodes[i].input_count; ++k) ++uses[input(p.nodes[i], k)];
    for (int64_t o = 0; o < p.output_count; ++o) ++uses[p.outputs[o]];
  }

  // Points [points][dimension]; adds to losses[output], and to the gradients.
  void run(const T* points, const T* weights, int64_t count, double factor, bool differentiate,
           double* losses, T* residuals, int64_t row) {
    b = count;
    for (int64_t i = 0; i < p.node_count; ++i) forward(i, points);
    std::fill(touched.begin(), touched.end(), 0);
    for (int64_t i = 0; i < p.node_count; ++i) adjoint_of[i] = adjoints.data() + place[i];
    for (int64_t o = 0; o < p.output_count; ++o) {
      const int64_t i = p.outputs[o];
      const T* r = value(i);
      double sum = 0;
      for (int64_t e = 0; e < b; ++e) sum += double(r[e]) * r[e] * (weights ? weights[e] : T(1));
      losses[o] += factor * sum;
      if (residuals) std::memcpy(residuals + o * row, r, b * sizeof(T));
      if (!differentiate || !p.nodes[i].trains) continue;
      const bool more = touched[i];
      T* g = adjoint(i);
      for (int64_t e = 0; e < b; ++e) {
        const T seed = T(2 * factor) * r[e] * (weights ? weights[e] : T(1));
        g[e] = more ? g[e] + seed : seed;
      }
      touched[i] = 1;
    }
    if (differentiate)
      for (int64_t i = p.node_count; i-- > 0;)
        if (touched[i]) backward(i);
  }

 private:
  const Program& p;
  const T* const* tensors;
  T* const* gradients;
  int64_t block, b = 0;
  std::vector<int64_t> place;
  std::vector<T> values, adjoints;
  std::vector<std::vector<T>> packed;  // weights, transposed and as they are, in whole vectors
  std::vector<char> touched;
  std::vector<T*> adjoint_of;
  std::vector<int64_t> uses;  // how many nodes take a value
  T f[HIGHEST + 1][TILE];
  T mixed[FACTORS * FACTORS][TILE];

  // Sines keep their cosine, and the reverse, behind their streams.
  static bool is_wave(const Node& node) {
    return node.kind == FUNCTION && (node.function == SIN || node.function == COS);
  }
  int64_t streams(const Node& node) const { return node.flat ? 1 : p.streams; }
  T* value(int64_t i) { return values.data() + place[i]; }
  T* adjoint(int64_t i) { return adjoint_of[i]; }
  int64_t input(const Node& node, int64_t k) const { return p.inputs[node.inputs + k]; }

  // Give a node's adjoint to an input; what nobody else adds to need not be copied.
  void pass(int64_t i, int64_t to, int64_t n) {
    if (uses[to] == 1) adjoint_of[to] = adjoint_of[i];
    else give(to, 0, n, adjoint_of[i]);
  }

  // Add to an adjoint, or set it where it is the first time.
  void give(int64_t i, int64_t offset, int64_t n, const T* g) {
    T* to = adjoint(i) + offset;
    if (touched[i]) EACH to[e] += g[e];
    else std::memcpy(to, g, n * sizeof(T));
  }

  static int64_t padded(int64_t n) {
    return (n + Vector<T>::lanes - 1) / Vector<T>::lanes * Vector<T>::lanes;
  }

  void pack() {
    packed.resize(p.node_count);
    for (int64_t i = 0; i < p.node_count; ++i) {
      const Node& node = p.nodes[i];
      if (node.kind != LINEAR) continue;
      const int64_t w = node.width, w0 = p.nodes[input(node, 0)].width;
      const T* from = tensors[node.first];
      packed[i].assign(w0 * padded(w) + w * padded(w0), 0);
      T *turned = packed[i].data(), *plain = turned + w0 * padded(w);
      for (int64_t r = 0; r < w; ++r)
        for (int64_t c = 0; c < w0; ++c)
          turned[c * padded(w) + r] = plain[r * padded(w0) + c] = from[r * w0 + c];
    }
  }

  void forward(int64_t i, const T* points) {
    const Node& node = p.nodes[i];
    const int64_t s_count = streams(node), w = node.width, size = b * w;
    T* y = value(i);
    if (node.kind == INPUT) {
      for (int64_t s = 0; s < s_count; ++s)
        for (int64_t e = 0; e < size; ++e)
          y[s * size + e] = s ? T(p.first_order[s * w + e % w]) : points[e];
      return;
    }
    const int64_t from = input(node, 0), w0 = p.nodes[from].width;
    const T* z = value(from);
    switch (node.kind) {
      case LINEAR:
        multiply<T>({z, w0, 1}, s_count * b, &packed[i][0], padded(w), w0, y, w, false);
        if (node.second >= 0) add_rows(y, tensors[node.second], w);
        break;
      case FUNCTION: function(node, z, y, size); break;
      case ADD: {
        const int64_t other = input(node, 1), w1 = p.nodes[other].width;
        const T* v = value(other);
        const int64_t n = s_count * size;
        if (w0 == w1) EACH y[e] = z[e] + v[e];
        else EACH y[e] = z[w0 == 1 ? e / w : e] + v[w1 == 1 ? e / w : e];
        break;
      }
      case PRODUCT: {
        const int64_t other = input(node, 1), w1 = p.nodes[other].width;
        std::memset(y, 0, s_count * size * sizeof(T));
        pairs(node, [&](T c, int64_t s, int64_t l, int64_t r) {
          const T *a = z + l * b * w0, *v = value(other) + r * b * w1;
          T* out = y + s * size;
          const int64_t n = size;
          if (w0 == w1) EACH out[e] += c * a[e] * v[e];
          else EACH out[e] += c * a[w0 == 1 ? e / w : e] * v[w1 == 1 ? e / w : e];
        });
        break;
      }
      case SCALE: {
        const int64_t n = s_count * size;
        if (node.first < 0) {
          const T c = T(p.detail[node.detail]);
          EACH y[e] = c * z[e];
        } else {
          const T* c = tensors[node.first];
          const int64_t many = p.sizes[node.first];
          for (int64_t r = 0; r < s_count * b; ++r) {
            const int64_t n = w;
            EACH y[r * w + e] = z[r * w + e] * c[many == 1 ? 0 : e];
          }
        }
        break;
      }
      case SHIFT: {
        std::memcpy(y, z, s_count * size * sizeof(T));
        const int64_t n = size;
        if (node.first < 0) {
          const T c = T(p.detail[node.detail]);
          EACH y[e] += c;
        } else if (p.sizes[node.first] == 1) {
          const T c = tensors[node.first][0];
          EACH y[e] += c;
        } else {
          add_rows(y, tensors[node.first], w);
        }
        break;
      }
      case JOIN: {
        int64_t at = 0;
        for (int64_t k = 0; k < node.input_count; ++k) {
          const int64_t part = input(node, k), n = p.nodes[part].width;
          const T* v = value(part);
          for (int64_t r = 0; r < s_count * b; ++r) EACH y[r * w + at + e] = v[r * n + e];
          at += n;
        }
        break;
      }
      case COLUMNS:
        for (int64_t r = 0; r < s_count * b; ++r)
          for (int64_t e = 0; e < w; ++e) y[r * w + e] = z[r * w0 + int64_t(p.detail[node.detail + e])];
        break;
      case STREAM: {
        const int64_t column = int64_t(p.detail[node.detail]);
        std::memset(y, 0, b * sizeof(T));
        for (int64_t s = 0; s + 1 < node.detail_count; ++s)
          if (const T c = T(p.detail[node.detail + 1 + s]))
            for (int64_t e = 0; e < b; ++e) y[e] += c * z[(s * b + e) * w0 + column];
        break;
      }
    }
  }

  void backward(int64_t i) {
    const Node& node = p.nodes[i];
    if (node.kind == INPUT) return;
    const int64_t s_count = streams(node), w = node.width, size = b * w;
    const T *g = adjoint(i), *y = value(i);
    const int64_t from = input(node, 0), w0 = p.nodes[from].width;
    const T* z = value(from);
    const bool on = p.nodes[from].trains;
    switch (node.kind) {
      case LINEAR:
        if (gradients[node.first])
          multiply<T>({g, 1, w}, w, z, w0, s_count * b, gradients[node.first], w0, true);
        if (node.second >= 0 && gradients[node.second]) sum_rows(g, gradients[node.second], w);
        if (on)
          multiply<T>({g, w, 1}, s_count * b, &packed[i][w0 * padded(w)], padded(w0), w,
                      adjoint(from), w0, touched[from]);
        break;
      case FUNCTION:
        if (on) function_back(node, z, y, g, from, size);
        break;
      case ADD:
        for (int64_t k = 0; k < 2; ++k) {
          const int64_t part = input(node, k);
          if (!p.nodes[part].trains) continue;
          if (p.nodes[part].width == w) pass(i, part, s_count * size);
          else {
            std::vector<T> sums(s_count * b, 0);
            for (int64_t e = 0; e < s_count * size; ++e) sums[e / w] += g[e];
            give(part, 0, s_count * b, sums.data());
          }
          touched[part] = 1;
        }
        return;
      case PRODUCT: {
        const int64_t parts[2] = {from, input(node, 1)};
        for (int64_t k = 0; k < 2; ++k) {
          const int64_t part = parts[k], other = parts[1 - k];
          if (!p.nodes[part].trains) continue;
          const int64_t wp = p.nodes[part].width, wo = p.nodes[other].width;
          T* back = adjoint(part);
          if (!touched[part]) std::memset(back, 0, s_count * b * wp * sizeof(T));
          touched[part] = 1;
          pairs(node, [&](T c, int64_t s, int64_t l, int64_t r) {
            const int64_t mine = k ? r : l, theirs = k ? l : r, n = size;
            const T *gs = g + s * size, *v = value(other) + theirs * b * wo;
            T* out = back + mine * b * wp;
            if (wp == w && wo == w) EACH out[e] += c * gs[e] * v[e];
            else
              for (int64_t e = 0; e < n; ++e)
                out[wp == 1 ? e / w : e] += c * gs[e] * v[wo == 1 ? e / w : e];
          });
        }
        return;
      }
      case SCALE: {
        const T* c = node.first < 0 ? nullptr : tensors[node.first];
        const bool many = c && p.sizes[node.first] > 1;
        if (c && gradients[node.first]) {
          T* to = gradients[node.first];
          if (many) {
            const int64_t n = w;
            for (int64_t r = 0; r < s_count * b; ++r) EACH to[e] += g[r * w + e] * z[r * w + e];
          } else {
            T sum = 0;
            for (int64_t e = 0; e < s_count * size; ++e) sum += g[e] * z[e];
            to[0] += sum;
          }
        }
        if (on) {
          T* back = adjoint(from);
          const T number = c ? c[0] : T(p.detail[node.detail]);
          const bool add = touched[from];
          const int64_t rows = many ? s_count * b : 1, n = s_count * size / rows;
          for (int64_t r = 0; r < rows; ++r, back += n) {
            const T* gr = g + r * n;
            if (many && add) EACH back[e] += c[e] * gr[e];
            else if (many) EACH back[e] = c[e] * gr[e];
            else if (add) EACH back[e] += number * gr[e];
            else EACH back[e] = number * gr[e];
          }
        }
        break;
      }
      case SHIFT:
        if (node.first >= 0 && gradients[node.first]) {
          if (p.sizes[node.first] > 1) sum_rows(g, gradients[node.first], w);
          else for (int64_t e = 0; e < size; ++e) gradients[node.first][0] += g[e];
        }
        if (on) pass(i, from, s_count * size);
        break;
      case JOIN: {
        int64_t at = 0;
        for (int64_t k = 0; k < node.input_count; ++k) {
          const int64_t part = input(node, k), n = p.nodes[part].width;
          if (p.nodes[part].trains) {
            T* back = adjoint(part);
            const bool add = touched[part];
            for (int64_t r = 0; r < s_count * b; ++r)
              EACH back[r * n + e] = g[r * w + at + e] + (add ? back[r * n + e] : T(0));
            touched[part] = 1;
          }
          at += n;
        }
        return;
      }
      case COLUMNS:
        if (on) {
          T* back = adjoint(from);
          if (!touched[from]) std::memset(back, 0, s_count * b * w0 * sizeof(T));
          for (int64_t r = 0; r < s_count * b; ++r)
            for (int64_t e = 0; e < w; ++e)
              back[r * w0 + int64_t(p.detail[node.detail + e])] += g[r * w + e];
        }
        break;
      case STREAM:
        if (on) {
          const int64_t column = int64_t(p.detail[node.detail]);
          T* back = adjoint(from);
          if (!touched[from]) std::memset(back, 0, streams(p.nodes[from]) * b * w0 * sizeof(T));
          for (int64_t s = 0; s + 1 < node.detail_count; ++s)
            if (const T c = T(p.detail[node.detail + 1 + s]))
              for (int64_t e = 0; e < b; ++e) back[(s * b + e) * w0 + column] += c * g[e];
        }
        break;
    }
    if (on) touched[from] = 1;
  }

  void add_rows(T* y, const T* row, int64_t n) {
    for (int64_t r = 0; r < b; ++r) EACH y[r * n + e] += row[e];
  }
  void sum_rows(const T* g, T* row, int64_t n) {
    for (int64_t r = 0; r < b; ++r) EACH row[e] += g[r * n + e];
  }

  template <class F>
  void pairs(const Node& node, F each) {
    if (node.flat) return each(T(1), 0, 0, 0);
    for (int64_t k = 0; k < p.pair_count; ++k)
      each(T(p.pairs[k].c), p.pairs[k].stream, p.pairs[k].left, p.pairs[k].right);
  }

  // The product of streams of a tile, but for one of its factors.
  const T* monomial(const T* first, const Term& t, int64_t but, const T* z, int64_t size, int64_t n,
                    T* out) {
    const T* now = first;
    for (int64_t k = 0; k < t.count; ++k) {
      if (k == but) continue;
      const T* factor = z + t.factors[k] * size;
      EACH out[e] = now[e] * factor[e];
      now = out;
    }
    return now;
  }

  void function(const Node& node, const T* z, T* y, int64_t size) {
    const int64_t order = node.flat ? 1 : p.order, last = streams(node) * size;
    const T *known = nullptr, *other = nullptr;
    if (node.partner >= 0) other = value(node.partner), known = other + last;
    for (int64_t at = 0; at < size; at += TILE) {
      const int64_t n = std::min(TILE, size - at);
      derivatives(node.function, z + at, n, order, f, known ? known + at : nullptr,
                  other ? other + at : nullptr);
      std::memcpy(y + at, f[0], n * sizeof(T));
      if (is_wave(node)) {
        const T sign = node.function == SIN ? 1 : -1;
        T* keep = y + last + at;
        EACH keep[e] = sign * f[1][e];
      }
      if (node.flat) continue;
      int64_t done = 0;
      for (int64_t k = 0; k < p.term_count; ++k) {
        const Term& t = p.terms[k];
        if (t.stream == 0) continue;
        const T c = T(t.c), *m = monomial(f[t.count], t, -1, z + at, size, n, mixed[0]);
        T* out = y + t.stream * size + at;
        if (t.stream == done) EACH out[e] += c * m[e];
        else EACH out[e] = c * m[e];
        done = t.stream;
      }
    }
  }

  void function_back(const Node& node, const T* z, const T* y, const T* g, int64_t from, int64_t size) {
    const int64_t s_count = streams(node);
    for (int64_t at = 0; at < size; at += TILE) {
      const int64_t n = std::min(TILE, size - at);
      derivatives(node.function, z + at, n, (node.flat ? 0 : p.order) + 1, f, y + at,
                  y + s_count * size + at);
      T* back = adjoint(from) + at;
      if (!touched[from])
        for (int64_t s = 0; s < s_count; ++s) std::memset(back + s * size, 0, n * sizeof(T));
      EACH back[e] += g[at + e] * f[1][e];
      if (node.flat) continue;
      for (int64_t k = 0; k < p.term_count; ++k) {
        const Term& t = p.terms[k];
        if (t.stream == 0) continue;
        const T c = T(t.c), *gs = g + t.stream * size + at;
        const T* m = monomial(f[t.count + 1], t, -1, z + at, size, n, mixed[0]);
        EACH back[e] += c * gs[e] * m[e];
        for (int64_t l = 0; l < t.count; ++l) {
          const T* others = monomial(f[t.count], t, l, z + at, size, n, mixed[0]);
          T* to = back + t.factors[l] * size;
          EACH to[e] += c * gs[e] * others[e];
        }
      }
    }
  }
};

template <class T>
void run(const Program* program, const T* points, const T* weights, int64_t begin, int64_t end,
         int64_t total, int64_t block, double factor, const T* const* tensors, T* const* gradients,
         double* losses, T* residuals) {
  Run<T> runner(*program, tensors, gradients, block);
  for (int64_t n = begin; n < end; n += block)
    runner.run(points + n * program->dimension, weights ? weights + n : nullptr,
               std::min(block, end - n), factor, gradients != nullptr, losses,
               residuals ? residuals + n : nullptr, total);
}

extern "C" void jets_float(const Program* program, const float* points, const float* weights,
                           int64_t begin, int64_t end, int64_t total, int64_t block, double factor,
                           const float* const* tensors, float* const* gradients, double* losses,
                           float* residuals) {
  run(program, points, weights, begin, end, total, block, factor, tensors, gradients, losses,
      residuals);
}
extern "C" void jets_double(const Program* program, const double* points, const double* weights,
                            int64_t begin, int64_t end, int64_t total, int64_t block,
                            double factor, const double* const* tensors, double* const* gradients,
                            double* losses, double* residuals) {
  run(program, points, weights, begin, end, total, block, factor, tensors, gradients, losses,
      residuals);
}
