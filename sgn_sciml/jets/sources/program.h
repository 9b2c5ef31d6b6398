// A program as kernel.py lays it out in memory: operations on jets, and the rules of the streams.

#pragma once

#include <cstdint>

enum Kind { INPUT, LINEAR, FUNCTION, ADD, PRODUCT, SCALE, SHIFT, JOIN, COLUMNS, STREAM, GATE };
constexpr int64_t FACTORS = 4;

struct Node {
  int64_t kind, width, flat, trains, function, first, second;  // two tensors, or -1
  int64_t inputs, input_count, detail, detail_count;           // places in the lists below
  int64_t partner;  // an earlier sine of the same jet where this is its cosine, or the reverse
};
// Faa di Bruno: adds c f^(order) z_factors to the stream `to` of f(z); on the way back, times the
// adjoint of `stream`, to the adjoint of z.
struct Term { double c; int64_t to, stream, order, count, factors[FACTORS]; };
struct Pair { double c; int64_t stream, left, right; };  // Leibniz

struct Program {
  int64_t dimension, streams, order;
  int64_t node_count, forward_count, backward_count, pair_count, output_count;
  const Node* nodes;
  const int64_t* inputs;
  const double* detail;
  const Term *forward, *backward;
  const Pair* pairs;
  const double* first_order;  // [streams][dimension]
  const int64_t* outputs;
  const int64_t* sizes;  // of the tensors
};
