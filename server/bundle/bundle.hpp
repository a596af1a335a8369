// A bundle: manifest entry, layers, tar end marker, one after another; named by the SHA-256 of these identity
// bytes. Layers that hold extension modules of a mebibyte or more in all come first, so that a client links
// them while the rest arrives; in both halves layers keep the order that they are given in.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "base/slice.hpp"
#include "bundle/coded_form.hpp"
#include "bundle/manifest.hpp"
#include "store/store.hpp"

namespace wheelbarrow::bundle {

// A small piece of a bundle that is kept in memory in every form.
class OwnPiece {
 public:
  static Result<OwnPiece> make(std::string identity);
  const Slice& in(Form form) const { return forms_[static_cast<std::size_t>(form)]; }

 private:
  std::array<Slice, 3> forms_;
};

struct Bundle {
  Sha256 sha256;
  Manifest manifest;
  OwnPiece first;                   // the manifest entry
  std::vector<store::Blob> layers;  // identity; one per member of the manifest, in its order
  OwnPiece last;                    // the end marker

  std::uint64_t size() const { return manifest.size; }
};
using BundlePtr = std::shared_ptr<const Bundle>;

// Joins layers, one per member of the manifest, into a bundle: orders and places both and hashes the whole
// once.
Result<BundlePtr> assemble(Manifest manifest, std::vector<store::Blob> layers);

}  // namespace wheelbarrow::bundle
