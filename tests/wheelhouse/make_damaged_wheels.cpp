// make_damaged_wheels FOLDER: writes a wheel for each kind of damage into FOLDER, and
// good-1.0-py3-none-any.whl beside them. Prints a line for each damaged one: its file name, a tab, a phrase
// of the expected reason.
#include <exception>
#include <filesystem>
#include <iostream>

#include "wheelhouse/damaged_wheels.hpp"
#include "wheelhouse/wheel_builder.hpp"

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: make_damaged_wheels FOLDER\n";
    return 2;
  }
  try {
    const std::filesystem::path folder = arguments[1];
    std::filesystem::create_directories(folder);
    for (const auto& wheel : wheelbarrow::test::damaged_wheels()) {
      wheelbarrow::test::write_file(folder / wheel.filename, wheel.bytes);
      std::cout << wheel.filename << '\t' << wheel.expected << '\n';
    }
    wheelbarrow::test::WheelBuilder("good").write(folder);
  } catch (const std::exception& exception) {
    std::cerr << "make_damaged_wheels: " << exception.what() << '\n';
    return 1;
  }
  return 0;
}
