#include "bundle/spare_forms.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "temporary_folder.hpp"

namespace wheelbarrow::bundle {
namespace {

class SpareFormsTest : public testing::Test {
 protected:
  void SetUp() override {
    store::StoreOptions options;
    options.folder = folder / "store";
    store = std::move(*store::Store::open(std::move(options)));
  }
  void make(SpareForms& forms, const SpareForms::Make& how) {
    forms.make("form", Lane::soon, 100, how);
    while (pool.backlog(Lane::quick) > 0 || pool.backlog(Lane::soon) > 0) {
      std::this_thread::yield();
    }
  }

  test::TemporaryFolder folder;
  std::unique_ptr<store::Store> store;
  std::size_t reported = 0;
  SpareForms::Report report = [this](const Error&) { ++reported; };
  BuildPool pool{1};
};

const SpareForms::Make good = [](const GiveUp&, store::BlobWriter& out) {
  return out.append(std::as_bytes(std::span(std::string_view("good"))));
};

SpareForms::Make failing(ErrorKind kind) {
  return [kind](const GiveUp&, store::BlobWriter&) -> Result<void> { return fail(kind, "can't"); };
}

TEST_F(SpareFormsTest, WhatADiskPreventedIsTriedAgainAfterAWhile) {
  SpareForms forms(*store, pool, report, std::chrono::seconds(0));
  make(forms, failing(ErrorKind::io));
  EXPECT_EQ(reported, 1U);
  EXPECT_FALSE(forms.find("form")) << "not known any more";
  make(forms, good);
  ASSERT_TRUE(forms.find("form") && *forms.find("form"));
  EXPECT_EQ((**forms.find("form")).bytes.text(), "good");
  pool.stop();
}

TEST_F(SpareFormsTest, WhatFailedIsNotTriedAtOnceAgain) {
  for (const auto& [kind, wait] : {std::pair(ErrorKind::io, std::chrono::hours(1)),
                                   std::pair(ErrorKind::limit, std::chrono::hours(0))}) {
    SpareForms forms(*store, pool, report, wait);
    make(forms, failing(kind));
    make(forms, good);
    ASSERT_TRUE(forms.find("form"));
    EXPECT_FALSE(*forms.find("form"));
  }
  EXPECT_EQ(reported, 2U);
  pool.stop();
}

TEST_F(SpareFormsTest, AFormThatSavesNothingIsOfNoUse) {
  SpareForms forms(*store, pool, report);
  make(forms, [](const GiveUp&, store::BlobWriter& out) {
    const std::string text(100, 'x');
    return out.append(std::as_bytes(std::span(text)));
  });
  ASSERT_TRUE(forms.find("form"));
  EXPECT_FALSE(*forms.find("form"));
  EXPECT_EQ(reported, 0U);
  pool.stop();
}

}  // namespace
}  // namespace wheelbarrow::bundle
