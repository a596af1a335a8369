// Where an answer goes, and whether anybody still waits for it.
#pragma once

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

#include "base/error.hpp"

namespace wheelbarrow::bundle {

// Asked now and then by long work: whether to give up, because nobody wants the result any more or the
// process ends. Safe from every thread.
using GiveUp = std::function<bool()>;

template <class T>
class Callback {
 public:
  using Answer = std::function<void(Result<T>)>;

  Callback() = default;
  // Waits to the end.
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Callback> && std::invocable<F&, Result<T>>)
  Callback(F answer) : answer_(std::move(answer)) {}  // NOLINT(google-explicit-constructor): as std::function
  // `abandoned` turns true when nobody waits any more, and stays so. The answer is taken nevertheless.
  Callback(Answer answer, GiveUp abandoned) : answer_(std::move(answer)), abandoned_(std::move(abandoned)) {}

  void operator()(Result<T> result) const { answer_(std::move(result)); }

  explicit operator bool() const { return static_cast<bool>(answer_); }

  bool is_abandoned() const { return abandoned_ && abandoned_(); }
  // For work on the way to this answer.
  const GiveUp& abandoned() const { return abandoned_; }

 private:
  Answer answer_;
  GiveUp abandoned_;
};

}  // namespace wheelbarrow::bundle
