// What each wheel of a folder is in bytes: the wheel file, and its layer as it is, in the best zstd and gzip
// forms, and in Brotli; then all of them as one bundle.
//
//   bytes FOLDER-OF-WHEELS
#include <cstdio>
#include <string>

#include "base/mapped_file.hpp"
#include "bundle/coded_form.hpp"
#include "bundle/layer.hpp"
#include "bundle/solid_form.hpp"
#include "temporary_folder.hpp"
#include "wheelhouse/wheelhouse.hpp"

namespace {

using namespace wheelbarrow;

struct Sizes {
  std::uint64_t wheel = 0, layer = 0, zstd = 0, gzip = 0, brotli = 0;
};

void print(const std::string& name, const Sizes& sizes) {
  const auto part = [&](std::uint64_t size) {
    return static_cast<double>(size) / static_cast<double>(sizes.wheel);
  };
  std::printf("| %s | %lu | %lu | %lu (%.3f) | %lu (%.3f) | %lu (%.3f) |\n", name.c_str(), sizes.wheel,
              sizes.layer, sizes.zstd, part(sizes.zstd), sizes.gzip, part(sizes.gzip), sizes.brotli,
              part(sizes.brotli));
  std::fflush(stdout);
}

Result<std::uint64_t> brotli_size(store::Store& store, const Slices& body) {
  auto writer = store.create();
  if (!writer) return std::unexpected(writer.error());
  if (auto done = bundle::compress_brotli(body, bundle::Effort::best, {}, *writer); !done)
    return std::unexpected(done.error());
  return writer->size();
}

Result<void> run(const std::filesystem::path& folder) {
  const test::TemporaryFolder temporary;
  store::StoreOptions store_options;
  store_options.folder = temporary / "store";
  const auto store = store::Store::open(std::move(store_options));
  if (!store) return std::unexpected(store.error());
  wheelhouse::WheelhouseOptions options;
  options.folders = {folder};
  const auto house = wheelhouse::Wheelhouse::open(options);
  if (!house) return std::unexpected(house.error());
  std::puts(
      "| wheel | wheel, bytes | layer | zstd (of the wheel) | gzip | Brotli |\n"
      "| --- | --- | --- | --- | --- | --- |");
  Sizes all;
  Slices layers;
  for (const auto& wheel : (*house)->catalog()->wheels()) {
    bundle::LayerRecipe recipe;
    recipe.wheel = wheel->sha256;
    recipe.filename = wheel->filename;
    recipe.pyodide = true;
    auto writer = (*store)->create();
    if (!writer) return std::unexpected(writer.error());
    const auto bytes = map_file(wheel->path);
    if (!bytes) return std::unexpected(bytes.error());
    if (auto done = bundle::write_layer(recipe, *bytes, {}, *writer); !done) return done;
    const auto layer = (*store)->publish(recipe.key(), store::Rank::source, std::move(*writer));
    if (!layer) return std::unexpected(layer.error());
    layers.push_back(layer->bytes);
    Sizes sizes;
    sizes.wheel = wheel->size;
    sizes.layer = layer->bytes.size();
    for (const auto& [form, size] :
         {std::pair(bundle::Form::zstd, &sizes.zstd), {bundle::Form::gzip, &sizes.gzip}}) {
      const auto coded = bundle::compress(layer->bytes.bytes, form, bundle::Effort::best);
      if (!coded) return std::unexpected(coded.error());
      *size = coded->size();
    }
    const auto brotli = brotli_size(**store, {layer->bytes});
    if (!brotli) return std::unexpected(brotli.error());
    sizes.brotli = *brotli;
    print(wheel->name(), sizes);
    all.wheel += sizes.wheel;
    all.layer += sizes.layer;
    all.zstd += sizes.zstd;
    all.gzip += sizes.gzip;
  }
  const auto brotli = brotli_size(**store, layers);
  if (!brotli) return std::unexpected(brotli.error());
  all.brotli = *brotli;
  print("all, as one bundle", all);
  return {};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: bytes FOLDER-OF-WHEELS\n", stderr);
    return 2;
  }
  const auto done = run(arguments[1]);
  if (!done) std::fprintf(stderr, "bytes: %s\n", done.error().text().c_str());
  return done ? 0 : 1;
}
