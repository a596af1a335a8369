#include "bundle/bundle.hpp"

#include <string>
#include <utility>

#include "bundle/tar.hpp"

namespace wheelbarrow::bundle {

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
