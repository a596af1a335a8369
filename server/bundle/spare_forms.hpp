// Forms of a whole body that are sent if they are there and made when there is time: few wait for one.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "bundle/build_pool.hpp"
#include "bundle/callback.hpp"
#include "bundle/lru_cache.hpp"
#include "bundle/single_flight.hpp"
#include "store/store.hpp"

namespace wheelbarrow::bundle {

// Safe from every thread.
class SpareForms {
 public:
  using Form = std::optional<store::Blob>;  // empty: it is of no use
  // Writes the form.
  using Make = std::function<Result<void>(const GiveUp& give_up, store::BlobWriter& out)>;
  // Told of what could not be made.
  using Report = std::function<void(const Error&)>;

  using Clock = std::chrono::steady_clock;

  // What a full disk prevented is possible again after `retry_after`. REQUIRES: `store` and `pool` outlive
  // this object.
  SpareForms(store::Store& store, BuildPool& pool, Report report,
             Clock::duration retry_after = std::chrono::minutes(5))
      : store_(store), pool_(pool), report_(std::move(report)), retry_after_(retry_after) {}

  // The form of that name if it was made or found before.
  std::optional<Form> find(const std::string& name);

  // Looks for the form in the store, or else makes it in `lane` unless too much waits there. It is of no use
  // if it has `limit` bytes or more, which is what would be sent otherwise.
  void make(const std::string& name, Lane lane, std::uint64_t limit, Make make);

  // The same for who can't do without it, however much waits.
  void wait(const std::string& name, Lane lane, std::uint64_t limit, Make make, Callback<Form> done);

  // Whether make() would do anything.
  bool is_possible(const std::string& name, Lane lane) const {
    return pool_.backlog(lane) < max_waiting && !flights_.contains(name);
  }

  // Forgets the half that was used longest ago; it is in the store.
  void let_go() { known_.forget_half(); }

  // Forgets every waiter. REQUIRES: the pool has stopped.
  void stop() { flights_.clear(); }

 private:
  // More are not begun: what is asked for once more comes again.
  static constexpr std::size_t max_waiting = 256;

  void land(const std::string& name, const Result<Form>& form);
  Result<Form> make_now(const std::string& name, std::uint64_t limit, const Make& make,
                        const GiveUp& give_up);

  store::Store& store_;
  BuildPool& pool_;
  Report report_;
  Clock::duration retry_after_;
  struct Known {
    Form form;
    Clock::time_point until;
  };
  LruCache<Known> known_{1024};
  SingleFlight<Form> flights_;
};

}  // namespace wheelbarrow::bundle
