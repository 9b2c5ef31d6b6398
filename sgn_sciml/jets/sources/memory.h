// Which places in memory numbers of the nodes take turns in.

#pragma once

#include <cstdint>
#include <iterator>
#include <map>

class Places {
 public:
  int64_t total = 0;  // numbers that all of it takes

  int64_t take(int64_t size) {
    auto best = free.end();
    for (auto it = free.begin(); it != free.end(); ++it)
      if (it->second >= size && (best == free.end() || it->second < best->second)) best = it;
    if (best == free.end()) return total += size, total - size;
    const auto [place, whole] = *best;
    free.erase(best);
    if (whole > size) free[place + size] = whole - size;
    return place;
  }

  void leave(int64_t place, int64_t size) {
    auto it = free.emplace(place, size).first;
    if (auto next = std::next(it); next != free.end() && place + size == next->first) {
      it->second += next->second;
      free.erase(next);
    }
    if (it == free.begin()) return;
    if (auto last = std::prev(it); last->first + last->second == place) {
      last->second += it->second;
      free.erase(it);
    }
  }

 private:
  std::map<int64_t, int64_t> free;  // sizes by place
};
