#include "routes/derivation_json.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "resolver/catalog_builder.hpp"
#include "routes/errors.hpp"

namespace wheelbarrow::routes {
namespace {

using resolver::test::set_of;

wheelhouse::Catalog sample_catalog() {
  resolver::test::CatalogBuilder builder;
  builder.add_pure("numpy", "2.1")
      .add_pure("numpy", "1.26")
      .add("scipy-1.12-cp312-cp312-pyodide_2024_0_wasm32.whl")
      .add_pure("scipy", "1.11", "Requires-Dist: numpy<2\n");
  return builder.build();
}

resolver::Failure failure_of(const packaging::RequirementSet& set) {
  const auto lock = resolver::resolve(sample_catalog(), resolver::test::target_named("pyodide-0.29"), set);
  return lock ? resolver::Failure(Error{ErrorKind::internal, "it resolves"}) : lock.error();
}

TEST(DerivationJson, OfAClash) {
  EXPECT_EQ(
      boost::json::serialize(to_json(failure_of(set_of({"scipy", "numpy>=2"})).derivation)),
      R"({"target":"pyodide-0.29","python":"3.13.2","asked":["numpy>=2","scipy"],"constraints":[],)"
      R"("incompatibilities":[{"project":"numpy","chosen":[],"demands":[[{"requirement":"numpy>=2"}],)"
      R"([{"requirement":"scipy"},{"requirement":"numpy<2","project":"scipy","versions":["1.11"]}]]}],)"
      R"("wheelhouse":[{"project":"numpy","wheels":[)"
      R"({"file":"numpy-2.1-py3-none-any.whl","version":"2.1","obstacle":null},)"
      R"({"file":"numpy-1.26-py3-none-any.whl","version":"1.26","obstacle":null}],"similar_names":[],"has_hashes":true},)"
      R"({"project":"scipy","wheels":[{"file":"scipy-1.12-cp312-cp312-pyodide_2024_0_wasm32.whl",)"
      R"("version":"1.12","obstacle":"other-target","detail":"cp312-cp312-pyodide_2024_0_wasm32",)"
      R"("targets":["pyodide-0.26","pyodide-0.27"]},)"
      R"({"file":"scipy-1.11-py3-none-any.whl","version":"1.11","obstacle":null}],"similar_names":[],"has_hashes":true}],)"
      R"("remedies":[[{"change":"replace","from":"numpy>=2","to":"numpy==1.26"}],)"
      R"([{"change":"leave-out","from":"scipy"}]],"stuck_on":[]})");
}

TEST(DerivationJson, OfAMisspeltNameAndAConstraint) {
  EXPECT_EQ(boost::json::serialize(to_json(failure_of(set_of({"numpi"})).derivation)),
            R"({"target":"pyodide-0.29","python":"3.13.2","asked":["numpi"],"constraints":[],)"
            R"("incompatibilities":[{"project":"numpi","chosen":[],"demands":[[{"requirement":"numpi"}]]}],)"
            R"("wheelhouse":[{"project":"numpi","wheels":[],"similar_names":["numpy"],"has_hashes":true}],)"
            R"("remedies":[[{"change":"replace","from":"numpi","to":"numpy"}]],"stuck_on":[]})");
  EXPECT_EQ(boost::json::serialize(to_json(failure_of(set_of({"numpy"}, {"numpy>3"})).derivation)),
            R"({"target":"pyodide-0.29","python":"3.13.2","asked":["numpy"],"constraints":["numpy>3"],)"
            R"("incompatibilities":[{"project":"numpy","chosen":[],"demands":[[{"requirement":"numpy"}]]}],)"
            R"("wheelhouse":[{"project":"numpy","wheels":[{"file":"numpy-2.1-py3-none-any.whl",)"
            R"("version":"2.1","obstacle":"constraint","detail":"numpy>3"},)"
            R"({"file":"numpy-1.26-py3-none-any.whl","version":"1.26","obstacle":"constraint",)"
            R"("detail":"numpy>3"}],"similar_names":[],"has_hashes":true}],)"
            R"("remedies":[[{"change":"lift-constraint","from":"numpy>3"}]],"stuck_on":[]})");
}

boost::json::object problem_of(const resolver::Failure& failure) {
  std::string body;
  for (const Slice& slice : to_problem(failure).body) body += slice.text();
  return boost::json::parse(body).as_object();
}

TEST(DerivationJson, IsAMemberOfTheProblem) {
  const resolver::Failure failure = failure_of(set_of({"numpy>9"}));
  EXPECT_EQ(to_problem(failure).status, 422U);
  const auto problem = problem_of(failure);
  EXPECT_EQ(problem.at("detail").as_string(), failure.message);
  EXPECT_EQ(problem.at("derivation"), boost::json::value(to_json(failure.derivation)));
  EXPECT_FALSE(problem_of(failure_of(set_of({"a @ https://example.org/a.whl"}))).contains("derivation"))
      << "nothing was searched";
}

}  // namespace
}  // namespace wheelbarrow::routes
