#include "bundle/spare_forms.hpp"

#include <utility>

namespace wheelbarrow::bundle {

void SpareForms::make(const std::string& name, Lane lane, std::uint64_t limit, Make make) {
  if (known_.get(name) || pool_.backlog(lane) >= max_waiting) return;
  if (!flights_.join(name, [](const Result<std::optional<store::Blob>>&) {})) return;
  pool_.submit(lane, [this, name, limit, make = std::move(make)](const std::stop_token& stop) {
    const auto made = look_or_make(name, limit, make, [&] { return stop.stop_requested(); });
    if (!made && made.error().kind != ErrorKind::cancelled) report_(made.error());
    known_.put(name, made ? *made : std::nullopt);
    flights_.land(name, made);
  });
}

Result<std::optional<store::Blob>> SpareForms::look_or_make(const std::string& name, std::uint64_t limit,
                                                            const Make& make, const GiveUp& give_up) {
  auto known = store_.find(name);
  if (!known || *known) return known;
  auto writer = store_.create();
  if (!writer) return std::unexpected(writer.error());
  if (auto made = make(give_up, *writer); !made) return std::unexpected(made.error());
  if (writer->size() >= limit) return std::nullopt;
  auto blob = store_.publish(name, store::Rank::spare, std::move(*writer));
  if (!blob) return std::unexpected(blob.error());
  return std::move(*blob);
}

}  // namespace wheelbarrow::bundle
