#include "bundle/spare_forms.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>
#include <utility>

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

TEST_F(SpareFormsTest, WhatADiskOrALackOfMemoryPreventedIsTriedAgainAfterAWhile) {
  SpareForms forms(*store, pool, report, std::chrono::seconds(0));
  for (const ErrorKind kind : {ErrorKind::io, ErrorKind::busy}) {
    make(forms, failing(kind));
    EXPECT_FALSE(forms.find("form")) << "not known any more";
  }
  EXPECT_EQ(reported, 2U);
  make(forms, good);
  ASSERT_TRUE(forms.find("form") && *forms.find("form"));
  EXPECT_EQ((**forms.find("form")).bytes.text(), "good");
  pool.stop();
}

TEST_F(SpareFormsTest, WhoWaitsIsToldFromMemoryFromTheStoreOrWhenItIsMade) {
  const auto wait = [this](SpareForms& forms, const SpareForms::Make& how) {
    std::promise<Result<SpareForms::Form>> told;
    forms.wait("form", Lane::soon, 100, how,
               [&told](Result<SpareForms::Form> form) { told.set_value(std::move(form)); });
    return told.get_future().get();
  };
  {
    SpareForms forms(*store, pool, report);
    for (const SpareForms::Make& how : {good, failing(ErrorKind::internal)}) {
      const auto form = wait(forms, how);
      ASSERT_TRUE(form && *form);
      EXPECT_EQ((*form)->bytes.text(), "good");
    }
  }
  SpareForms after_restart(*store, pool, report);
  const auto form = wait(after_restart, failing(ErrorKind::internal));
  EXPECT_TRUE(form && *form);
  EXPECT_EQ(reported, 0U);
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
