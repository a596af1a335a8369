#include "bundle/spare_forms.hpp"

#include <utility>

namespace wheelbarrow::bundle {

std::optional<SpareForms::Form> SpareForms::find(const std::string& name) {
  auto known = known_.get(name);
  if (!known || known->until <= Clock::now()) return std::nullopt;
  return std::move(known->form);
}

void SpareForms::make(const std::string& name, Lane lane, std::uint64_t limit, Make make) {
  if (find(name) || !is_possible(name, lane)) return;
  wait(name, lane, limit, std::move(make), [](const Result<Form>&) {});
}

void SpareForms::wait(const std::string& name, Lane lane, std::uint64_t limit, Make make,
                      Callback<Form> done) {
  if (const auto known = find(name)) return done(*known);
  if (!flights_.join(name, std::move(done))) return;
  // What is in the store already doesn't wait behind what takes minutes.
  pool_.submit(Lane::quick, [this, name, lane, limit, make = std::move(make)](const std::stop_token&) {
    const auto stored = store_.find(name);
    if (!stored || *stored) return land(name, stored);
    pool_.submit(lane, [this, name, limit, make](const std::stop_token& stop) {
      land(name, make_now(name, limit, make, [&] { return stop.stop_requested(); }));
    });
  });
}

void SpareForms::land(const std::string& name, const Result<Form>& form) {
  // What nobody here can make is no failure.
  if (!form && form.error().kind != ErrorKind::cancelled && form.error().kind != ErrorKind::unsatisfiable)
    report_(form.error());
  // A disk that is full, or a compiler that was killed, may do better later; anything else would happen
  // again.
  const bool retry = !form && (form.error().kind == ErrorKind::io || form.error().kind == ErrorKind::busy);
  known_.put(name,
             {form ? *form : std::nullopt, retry ? Clock::now() + retry_after_ : Clock::time_point::max()});
  flights_.land(name, form);
}

Result<SpareForms::Form> SpareForms::make_now(const std::string& name, std::uint64_t limit, const Make& make,
                                              const GiveUp& give_up) {
  auto writer = store_.create();
  if (!writer) return std::unexpected(writer.error());
  if (auto made = make(give_up, *writer); !made) return std::unexpected(made.error());
  if (writer->size() >= limit) return std::nullopt;
  auto blob = store_.publish(name, store::Rank::spare, std::move(*writer));
  if (!blob) return std::unexpected(blob.error());
  return std::move(*blob);
}

}  // namespace wheelbarrow::bundle
