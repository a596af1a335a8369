#include "bundle/bytecode.hpp"

#include <gtest/gtest.h>

namespace wheelbarrow::bundle {
namespace {

const BytecodeRecipe beside{BytecodeMode::beside, "3.13.2", "emscripten"};
const BytecodeRecipe instead{BytecodeMode::instead, "3.9.0rc1", "linux"};

TEST(Bytecode, FilesAreWhereImportLooks) {
  EXPECT_EQ(bytecode_path(beside, "a/b.py"), "a/__pycache__/b.cpython-313.pyc");
  EXPECT_EQ(bytecode_path(beside, "b.py"), "__pycache__/b.cpython-313.pyc");
  EXPECT_EQ(bytecode_path(instead, "a/__init__.py"), "a/__init__.pyc");
}

TEST(Bytecode, CodeIsNamedAsPyodideInstallsIt) {
  EXPECT_EQ(code_folder(beside, true), "/lib/python3.13/site-packages/");
  EXPECT_EQ(code_folder(beside, false), "");
}

// PEP 552, and the header that importlib.util of 3.13 writes.
TEST(Bytecode, FilesAreUncheckedHashBased) {
  EXPECT_EQ(bytecode_file(beside, "12345678", "code"),
            std::string("\xf3\x0d\r\n\x01\0\0\0", 8) + "12345678code");
}

TEST(Bytecode, OnlyWhatCanBeImportedIsAModule) {
  for (const char* path : {"a.py", "a/b.py", "_a1/__init__.py", "a/m\xc3\xbc.py"}) {
    EXPECT_TRUE(is_module_path(path)) << path;
  }
  for (const char* path :
       {"a.pyc", "a-b/c.py", "a/1.py", "a-1.0.data/scripts/x.py", ".py", "a/.py", "a//b.py", ""}) {
    EXPECT_FALSE(is_module_path(path)) << path;
  }
}

TEST(Bytecode, ModesHaveNames) {
  for (const BytecodeMode mode : {BytecodeMode::off, BytecodeMode::beside, BytecodeMode::instead}) {
    EXPECT_EQ(parse_bytecode_mode(name_of(mode)).value(), mode);
  }
  EXPECT_FALSE(parse_bytecode_mode(""));
  EXPECT_FALSE(parse_bytecode_mode("on"));
}

TEST(Bytecode, EverythingThatShapesItIsInItsText) {
  EXPECT_EQ(beside.text(), "beside 3.13.2 emscripten 3571");
  EXPECT_EQ(instead.minor_version(), "3.9");
  EXPECT_FALSE(magic_of("3.10"));
}

}  // namespace
}  // namespace wheelbarrow::bundle
