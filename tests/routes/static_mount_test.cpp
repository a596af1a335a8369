#include "routes/static_mount.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "temporary_folder.hpp"

namespace wheelbarrow::routes {
namespace {

namespace fs = std::filesystem;

class StaticMountTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"app/index.html", "app/a.js", "app/sub/index.html", "app/empty/x",
                             "app/.git/config", "docs/index.html", "docs/only.html", "secret.txt"}) {
      fs::create_directories((folder / name).parent_path());
      std::ofstream(folder / name) << name;
    }
    fs::create_symlink(folder / "secret.txt", folder / "app/leak.txt");
    fs::create_symlink(folder / "app/a.js", folder / "app/alias.js");
    fs::create_symlink(folder.path(), folder / "app/up");
    mounts = {{folder / "app", "/"}, {folder / "docs", "/docs/"}};
  }
  // The file's path below the folder, with a '/' behind it for a folder; "-" if nothing is found.
  std::string find(std::string_view path) const {
    const auto found = find_static_file(mounts, path);
    if (!found) return "-";
    return fs::relative(found->path, fs::canonical(folder.path())).native() + (found->is_folder ? "/" : "");
  }

  test::TemporaryFolder folder;
  std::vector<StaticMount> mounts;
};

TEST_F(StaticMountTest, FindsFilesAndNothingElse) {
  const struct {
    const char* path;
    const char* file;
  } table[] = {
      {"/", "app/index.html"},
      {"/a.js", "app/a.js"},
      {"/sub", "app/sub/"},
      {"/sub/", "app/sub/index.html"},
      {"/empty/", "-"},
      {"/a.js/", "-"},
      {"/nothing", "-"},
      {"/docs/", "docs/index.html"},
      {"/docs/only.html", "docs/only.html"},
      {"/alias.js", "app/a.js"},
      {"/leak.txt", "-"},
      {"/up/secret.txt", "-"},
      {"/.git/config", "-"},
      {"/../secret.txt", "-"},
      {"//secret.txt", "-"},
  };
  for (const auto& [path, file] : table) {
    EXPECT_EQ(find(path), file) << path;
  }
}

TEST_F(StaticMountTest, ReadsTheOption) {
  const std::string app = folder / "app";
  EXPECT_EQ(parse_static_mount(app)->prefix, "/");
  EXPECT_EQ(parse_static_mount(app + ":/x")->prefix, "/x/");
  EXPECT_EQ(parse_static_mount(app + ":/x/")->prefix, "/x/");
  EXPECT_EQ(parse_static_mount(app + ":/x/")->folder, app);
  fs::create_directory(folder / "a:b");
  EXPECT_EQ(parse_static_mount((folder / "a:b").native())->prefix, "/");
  EXPECT_EQ(parse_static_mount((folder / "nowhere").native()).error().kind, ErrorKind::invalid_input);
}

}  // namespace
}  // namespace wheelbarrow::routes
