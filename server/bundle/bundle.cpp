#include "bundle/bundle.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>

#include "bundle/tar.hpp"

namespace wheelbarrow::bundle {

namespace {

constexpr std::uint64_t large_modules = std::uint64_t{1024} * 1024;  // bytes

template <class T>
std::vector<T> in_order(const std::vector<T>& things, const std::vector<std::size_t>& order) {
  std::vector<T> ordered;
  ordered.reserve(things.size());
  for (const std::size_t i : order) {
    ordered.push_back(things[i]);
  }
  return ordered;
}

void put_large_modules_first(std::vector<Member>& members, std::vector<store::Blob>& layers) {
  std::vector<std::size_t> order(layers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_partition(
      order, [&](std::size_t i) { return modules_size(layers[i].bytes.text()) >= large_modules; });
  members = in_order(members, order);
  layers = in_order(layers, order);
}

}  // namespace

Result<OwnPiece> OwnPiece::make(std::string identity) {
  OwnPiece piece;
  piece.forms_[static_cast<std::size_t>(Form::identity)] = Slice::of(std::move(identity));
  for (const Form form : {Form::zstd, Form::gzip}) {
    auto coded = compress(piece.in(Form::identity).bytes, form, Effort::fast);
    if (!coded) return std::unexpected(coded.error());
    piece.forms_[static_cast<std::size_t>(form)] = Slice::of(std::move(*coded));
  }
  return piece;
}

Result<BundlePtr> assemble(Manifest manifest, std::vector<store::Blob> layers) {
  put_large_modules_first(manifest.members, layers);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    manifest.members[i].size = layers[i].bytes.size();
    manifest.members[i].layer = layers[i].sha256;
    if (!manifest.recipe(manifest.members[i]).reports()) continue;
    auto report = read_layer_report(layers[i].bytes.text());
    if (!report) return std::unexpected(report.error());
    manifest.members[i].report = std::move(*report);
  }
  auto first = OwnPiece::make(manifest_entry(manifest));
  if (!first) return std::unexpected(first.error());
  auto last = OwnPiece::make(std::string(tar_end_size, '\0'));
  if (!last) return std::unexpected(last.error());

  Sha256Hasher hasher;
  hasher.update(first->in(Form::identity).bytes);
  for (const store::Blob& layer : layers) {
    hasher.update(layer.bytes.bytes);
  }
  hasher.update(last->in(Form::identity).bytes);
  return std::make_shared<const Bundle>(
      Bundle{hasher.finish(), std::move(manifest), std::move(*first), std::move(layers), std::move(*last)});
}

}  // namespace wheelbarrow::bundle
