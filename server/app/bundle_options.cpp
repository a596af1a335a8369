#include "app/bundle_options.hpp"

#include <cstdio>
#include <filesystem>
#include <utility>
#include <vector>

namespace wheelbarrow::app {
namespace {

std::string strip_help() {
  std::string text = "leave out what a running app never imports:";
  for (const bundle::StripClassText& kind : bundle::strip_classes()) {
    text += "\n" + std::string(kind.name) + ": " + std::string(kind.leaves_out);
  }
  return text;
}

}  // namespace

CLI::Option* add_max_part(CLI::App& app, std::uint64_t& max_part) {
  return app
      .add_option("--max-part", max_part,
                  "compressed bytes, as estimated, above which a bundle is cut into parts")
      ->type_name("N")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

void BundleOptions::add_options(CLI::App& app) {
  app.add_option_function<std::vector<std::string>>(
         "--strip",
         [this](const std::vector<std::string>& given) {
           for (const std::string& names : given) {
             const auto set = bundle::StripSet::parse(names);
             if (!set) throw CLI::ValidationError("--strip", set.error().message);
             strip.add(*set);
           }
         },
         strip_help())
      ->allow_extra_args(false)
      ->type_name("CLASS,...");
  bytecode.add_options(app, "byte-compiled modules, beside their sources or instead of them", false);
  add_max_part(app, engine.max_part);
}

Result<std::optional<bundle::BytecodeRecipe>> BundleOptions::choose_bytecode(
    const wheelhouse::Catalog& catalog, const packaging::Target& target) {
  if (bytecode.mode == bundle::BytecodeMode::off) return std::nullopt;
  auto compilers = bytecode.find(catalog, [](const Error& failure) {
    std::fprintf(stderr, "wheelbarrow: warning: %s: %s\n", failure.message.c_str(), failure.where.c_str());
  });
  if (!compilers) return std::unexpected(compilers.error());
  auto chosen = (*compilers)->choose(bytecode.mode, target);
  if (!chosen) return std::unexpected(chosen.error());
  engine.compilers = std::move(*compilers);
  return std::move(*chosen);
}

Result<OpenStore> open_store(const std::string& data) {
  OpenStore opened;
  std::filesystem::path folder = data;
  if (data.empty()) {
    auto made = TemporaryFolder::make();
    if (!made) return std::unexpected(made.error());
    opened.temporary = std::move(*made);
    folder = opened.temporary->path();
  }
  auto store = store::Store::open({folder / "store", {}});
  if (!store) return std::unexpected(store.error());
  opened.store = std::move(*store);
  return opened;
}

}  // namespace wheelbarrow::app
