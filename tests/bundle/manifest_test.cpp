#include "bundle/manifest.hpp"

#include <gtest/gtest.h>

#include "bundle/tar.hpp"

namespace wheelbarrow::bundle {
namespace {

Manifest sample(std::size_t wheels, std::uint64_t layer_size) {
  Manifest manifest;
  manifest.target = "pyodide-0.29";
  manifest.python = "3.13.2";
  manifest.pyodide = true;
  manifest.requirements = {"a", "b>=2"};
  manifest.bytecode = BytecodeRecipe{BytecodeMode::instead, "3.13.2", "emscripten"};
  manifest.strip = *StripSet::parse("tests");
  for (std::size_t i = 0; i < wheels; ++i) {
    Member member;
    member.name = "p" + std::to_string(i);
    member.project = "P" + std::to_string(i);
    member.version = "1.0";
    member.filename = member.name + "-1.0-py3-none-any.whl";
    member.wheel = sha256(member.name);
    member.layer = sha256(member.filename);
    member.files = i;
    member.size = layer_size;
    member.extension_modules = {"x.so"};
    member.imports = {"p"};
    member.depends = {"q"};
    member.shared_library = i % 2 == 1;
    member.report.not_compiled = {{"p/x.py", "SyntaxError: no \"x\""}};
    member.report.left_out[StripClass::tests] = {i, i * 100};
    manifest.members.push_back(std::move(member));
  }
  return manifest;
}

TEST(Manifest, ReadsBackWhatItWrote) {
  Manifest manifest = sample(3, 1024);
  const auto read = parse_manifest_entry(manifest_entry(manifest));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(plan_text(*read), plan_text(manifest));
  EXPECT_EQ(read->size, manifest.size);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(read->members[i].offset, manifest.members[i].offset);
    EXPECT_EQ(read->members[i].layer, manifest.members[i].layer);
    EXPECT_EQ(read->members[i].report, manifest.members[i].report);
    EXPECT_EQ(read->recipe(read->members[i]).key(), manifest.recipe(manifest.members[i]).key());
  }
}

// The offsets depend on the text's length and that on the offsets, so sizes around powers of ten are tried.
TEST(Manifest, OffsetsAreTrueWhateverTheirLength) {
  for (const std::size_t wheels : {0U, 1U, 2U, 7U, 60U, 500U}) {
    for (const std::uint64_t size : {512ULL, 99'840ULL, 9'999'872ULL, 3'000'000'512ULL}) {
      Manifest manifest = sample(wheels, size);
      const std::string entry = manifest_entry(manifest);
      EXPECT_EQ(entry.size() % tar_block, 0U);
      std::uint64_t offset = entry.size();
      for (const Member& member : manifest.members) {
        EXPECT_EQ(member.offset, offset) << wheels << " wheels of " << size;
        offset += member.size;
      }
      EXPECT_EQ(manifest.size, offset + tar_end_size);
      EXPECT_EQ(manifest_entry(manifest), entry);
    }
  }
}

TEST(Manifest, RefusesWhatItDidNotWrite) {
  Manifest manifest = sample(1, 512);
  const std::string entry = manifest_entry(manifest);
  const auto replaced = [&](std::string_view from, std::string_view to) {
    std::string text = entry;
    return text.replace(text.find(from), from.size(), to);
  };
  for (const std::string& bad :
       {std::string(), entry.substr(0, 700), replaced("\"format\":3", "\"format\":2"),
        replaced("\"offset\"", "\"offzet\""), replaced("\"size\":512", "\"size\":-12")}) {
    EXPECT_FALSE(parse_manifest_entry(bad)) << bad;
  }
}

TEST(Manifest, DeepNestingIsAnErrorNotACrash) {
  EXPECT_FALSE(parse_manifest_entry(std::string(tar_block, ' ') + std::string(100'000, '[')));
}

TEST(LayerRecipe, EverythingThatShapesTheBytesIsInTheKey) {
  LayerRecipe plain;
  plain.wheel = sha256("wheel");
  plain.filename = "a-1.0-py3-none-any.whl";
  LayerRecipe other_wheel = plain;
  other_wheel.wheel = sha256("other");
  LayerRecipe pyodide = plain;
  pyodide.pyodide = true;
  LayerRecipe below = plain;
  below.below = "a-1.0.data/dynlib/";
  LayerRecipe wheels = plain;
  wheels.format = Format::wheels;
  LayerRecipe renamed = wheels;
  renamed.filename = "a-1.0-py2.py3-none-any.whl";
  LayerRecipe stripped = plain;
  stripped.strip = *StripSet::parse("tests");
  LayerRecipe stripped_more = plain;
  stripped_more.strip = *StripSet::parse("tests,docs");
  LayerRecipe beside = plain;
  beside.bytecode = BytecodeRecipe{BytecodeMode::beside, "3.13.2", "emscripten"};
  LayerRecipe instead = beside;
  instead.bytecode->mode = BytecodeMode::instead;
  LayerRecipe other_python = beside;
  other_python.bytecode->python = "3.13.1";
  LayerRecipe other_platform = beside;
  other_platform.bytecode->platform = "linux";
  const LayerRecipe recipes[] = {plain,    other_wheel,   pyodide, below,   wheels,       renamed,
                                 stripped, stripped_more, beside,  instead, other_python, other_platform};
  for (const LayerRecipe& a : recipes) {
    for (const LayerRecipe& b : recipes) {
      EXPECT_EQ(a.key() == b.key(), &a == &b);
    }
  }
}

}  // namespace
}  // namespace wheelbarrow::bundle
