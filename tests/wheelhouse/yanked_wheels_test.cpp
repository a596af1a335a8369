#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "wheelhouse/wheel_builder.hpp"
#include "wheelhouse/wheelhouse.hpp"
#include "wheelhouse/yanked_mark.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using test::WheelBuilder;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

TEST(YankedMarkTest, ItsFirstLineIsTheReason) {
  const TemporaryFolder folder;
  const fs::path mark = folder / "demo-1.0-py3-none-any.whl.yanked";
  const std::string longest(1000, 'x');
  const struct {
    std::string text;
    std::string reason;
  } cases[] = {
      {"", ""},
      {"\n", ""},
      {" \t\r\n", ""},
      {"wrong hash", "wrong hash"},
      {"wrong hash\n", "wrong hash"},
      {"wrong hash\r\n", "wrong hash"},
      {"  \n\n  wrong <hash> & \"more\"  \nsecond line\n", "wrong <hash> & \"more\""},
      {"Unverträglich – 壊れた", "Unverträglich – 壊れた"},
      {longest, longest},
      {"short\n" + std::string(100'000, 'y'), "short"},
      {"short\n\xff", "short"},
  };
  for (const auto& [text, reason] : cases) {
    test::write_file(mark, text);
    const auto read = read_yanked_reason(mark);
    ASSERT_TRUE(read) << text.substr(0, 50) << ": " << read.error().text();
    EXPECT_EQ(*read, reason) << text.substr(0, 50);
  }
}

TEST(YankedMarkTest, WhatCannotBeShownIsNoReason) {
  const TemporaryFolder folder;
  const fs::path mark = folder / "demo-1.0-py3-none-any.whl.yanked";
  const struct {
    std::string text;
    const char* expected;
  } cases[] = {
      {std::string(1001, 'x'), "longer than 1000 bytes"},
      {std::string(100'000, 'x'), "longer than 1000 bytes"},
      {"caf\xe9", "not UTF-8"},
      {"\xed\xa0\x80", "not UTF-8"},
      {"a\x1b[31mb", "control character"},
      {std::string("a\0b", 3), "control character"},
      {"a\x7f", "control character"},
  };
  for (const auto& [text, expected] : cases) {
    test::write_file(mark, text);
    const auto read = read_yanked_reason(mark);
    ASSERT_FALSE(read) << text.substr(0, 50);
    EXPECT_THAT(read.error().message, HasSubstr(expected));
  }
  EXPECT_FALSE(read_yanked_reason(folder / "absent.yanked"));
}

class YankedWheelsTest : public testing::Test {
 protected:
  YankedWheelsTest() {
    fs::create_directories(wheels_ / "sub");
    options_.folders = {wheels_};
    options_.database = folder_ / "known.sqlite";
  }
  void open() {
    auto house = Wheelhouse::open(options_);
    ASSERT_TRUE(house) << house.error().text();
    house_ = std::move(*house);
  }
  std::optional<std::string> yanked(std::string_view project) const {
    const auto wheels = house_->catalog()->project(project);
    return wheels.empty() ? "there is no such project" : wheels.front()->yanked;
  }

  TemporaryFolder folder_;
  fs::path wheels_ = folder_ / "wheels";
  WheelhouseOptions options_;
  std::unique_ptr<Wheelhouse> house_;
};

TEST_F(YankedWheelsTest, AreThoseWithAMarkBesideThem) {
  test::write_file(yanked_mark_of(WheelBuilder("bad").write(wheels_ / "sub")), "eats data\n");
  test::write_file(yanked_mark_of(WheelBuilder("mute").write(wheels_)), "");
  WheelBuilder("good").write(wheels_);
  // Neither is a mark of good's.
  test::write_file(wheels_ / ".good-1.0-py3-none-any.whl.yanked", "hidden");
  test::write_file(wheels_ / "good-1.0.yanked", "other");
  open();
  EXPECT_THAT(yanked("bad"), Optional(std::string("eats data")));
  EXPECT_THAT(yanked("mute"), Optional(std::string()));
  EXPECT_EQ(yanked("good"), std::nullopt);
  EXPECT_THAT(house_->catalog()->refusals(), IsEmpty());
}

TEST_F(YankedWheelsTest, ChangeTheCatalogAndNothingElse) {
  const fs::path mark = yanked_mark_of(WheelBuilder("demo").write(wheels_));
  open();
  const Sha256 before = house_->catalog()->id();
  test::write_file(mark, "one");
  EXPECT_TRUE(house_->rescan().value());
  EXPECT_THAT(yanked("demo"), Optional(std::string("one")));
  EXPECT_EQ(house_->last_scan().read, 0U) << "the wheel isn't read again";
  const Sha256 once = house_->catalog()->id();
  EXPECT_NE(once, before);
  EXPECT_FALSE(house_->rescan().value());

  open();
  EXPECT_EQ(house_->catalog()->id(), once) << "after a restart";
  EXPECT_EQ(house_->last_scan().read, 0U);
  // Of the same length, and maybe within one tick of the kernel's clock.
  test::write_file(mark, "two");
  EXPECT_TRUE(house_->rescan().value());
  EXPECT_THAT(yanked("demo"), Optional(std::string("two")));
  fs::remove(mark);
  EXPECT_TRUE(house_->rescan().value());
  EXPECT_EQ(yanked("demo"), std::nullopt);
  EXPECT_EQ(house_->catalog()->id(), before);
}

TEST_F(YankedWheelsTest, AreYankedInEveryCopy) {
  WheelBuilder("demo").write(wheels_);
  test::write_file(yanked_mark_of(WheelBuilder("demo").write(wheels_ / "sub")), "a copy's");
  open();
  EXPECT_EQ(house_->catalog()->wheels().front()->path.parent_path(), wheels_);
  EXPECT_THAT(yanked("demo"), Optional(std::string("a copy's")));
}

TEST_F(YankedWheelsTest, AMarkWhoseTextIsUnfitCountsAndIsNamed) {
  test::write_file(yanked_mark_of(WheelBuilder("demo").write(wheels_)), "caf\xe9");
  open();
  EXPECT_THAT(yanked("demo"), Optional(std::string()));
  ASSERT_THAT(house_->catalog()->refusals(), SizeIs(1));
  EXPECT_EQ(house_->catalog()->refusals()[0].path.filename(), "demo-1.0-py3-none-any.whl.yanked");
  EXPECT_THAT(house_->catalog()->refusals()[0].reason,
              HasSubstr("not UTF-8; the wheel is yanked without a reason"));
}

TEST_F(YankedWheelsTest, AMarkOfNoWheelIsNamed) {
  WheelBuilder("demo").write(wheels_);
  test::write_file(wheels_ / "demo-1.1-py3-none-any.whl.yanked", "misspelt");
  open();
  EXPECT_EQ(yanked("demo"), std::nullopt);
  ASSERT_THAT(house_->catalog()->refusals(), SizeIs(1));
  EXPECT_EQ(house_->catalog()->refusals()[0].reason,
            "there is no demo-1.1-py3-none-any.whl beside it to be yanked");
}

TEST_F(YankedWheelsTest, AMarkInADistributionCounts) {
  fs::create_directory(folder_ / "pyodide");
  options_.pyodide = folder_ / "pyodide";
  const WheelBuilder wheel("demo");
  test::write_file(yanked_mark_of(wheel.write(*options_.pyodide)), "in the distribution");
  test::write_file(*options_.pyodide / "pyodide-lock.json",
                   R"({"info": {"python": "3.13.2", "abi_version": "2025_0", "platform": "emscripten_4_0_9"},
                       "packages": {"demo": {"name": "demo", "version": "1.0", "depends": ["other"],
                                             "package_type": "package", "file_name": "demo-1.0-py3-none-any.whl",
                                             "sha256": ")" +
                       sha256(wheel.bytes()).hex() + R"("}}})");
  open();
  EXPECT_THAT(yanked("demo"), Optional(std::string("in the distribution")));
  EXPECT_THAT(house_->catalog()->project("demo").front()->distribution_depends,
              testing::ElementsAre("other"));
  EXPECT_THAT(house_->catalog()->refusals(), IsEmpty());
}

}  // namespace
}  // namespace wheelbarrow::wheelhouse
