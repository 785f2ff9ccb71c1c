// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>

#include <gtest/gtest.h>

#include <stdexcept>

#include "support/messages.h"
#include "support/temporary_folder.h"

using namespace lsr;
using namespace lsr::test;
namespace fs = std::filesystem;

namespace
{
  struct AtomicFile : testing::Test
  {
    void
    write(const std::string &name, const std::string &text) const
    {
      write_atomically(folder.file(name),
                       [&](std::ostream &out) { out << text; });
    }

    /// The message with which that fails.
    std::string
    refusal(const std::string &name, const std::string &text = "text") const
    {
      EXPECT_THROW(write(name, text), Error);
      return message([&]() { write(name, text); });
    }

    const TemporaryFolder folder;
  };
} // namespace

TEST_F(AtomicFile, ReplacesTheOldOne)
{
  write("file", "old");
  write("file", "new");
  EXPECT_EQ(folder.read("file"), "new");
  EXPECT_EQ(folder.n_files(), 1u);
}

TEST_F(AtomicFile, ExceptionOfTheWriterKeepsTheOldOne)
{
  write("file", "old");
  EXPECT_THROW(write_atomically(folder.file("file"),
                                [](std::ostream &out) {
                                  out << "half" << std::flush;
                                  throw std::logic_error("stop");
                                }),
               std::logic_error);
  EXPECT_EQ(folder.read("file"), "old");
  EXPECT_EQ(folder.n_files(), 1u);
}

TEST_F(AtomicFile, FullDiskKeepsTheOldOne)
{
  write("file", "old");
  std::string report;
  {
    const FullDisk limit(1000);
    report = refusal("file", std::string(100000, 'x'));
  }
  expect_contains(report, folder.file("file"), "File too large");
  EXPECT_EQ(folder.read("file"), "old");
  EXPECT_EQ(folder.n_files(), 1u);
}

TEST_F(AtomicFile, NeedsAFolderThatIsOne)
{
  write("file", "no folder");
  expect_contains(refusal("file/below"),
                  folder.file("file/below"),
                  "Not a directory");
  expect_contains(refusal("missing/file"), folder.file("missing/file"));
  EXPECT_EQ(folder.n_files(), 1u);
}

TEST_F(AtomicFile, CannotTakeThePlaceOfAFolder)
{
  fs::create_directories(folder.path / "occupied" / "deeper");
  expect_contains(refusal("occupied"), folder.file("occupied"));
  EXPECT_EQ(folder.n_files(), 1u);
}

TEST(OutputFolder, IsCreatedWithItsParentsAndLeftEmpty)
{
  const TemporaryFolder folder;
  prepare_output_folder(folder.file("a/b"));
  prepare_output_folder(folder.file("a/b"));
  EXPECT_TRUE(fs::is_directory(folder.path / "a" / "b"));
  EXPECT_TRUE(fs::is_empty(folder.path / "a" / "b"));
}

TEST(OutputFolder, MustNotBeAFile)
{
  const TemporaryFolder folder;
  folder.write("file", "no folder");
  for (const std::string name : {"file", "file/below"})
    expect_contains(message(
                      [&]() { prepare_output_folder(folder.file(name)); }),
                    folder.file(name));
  EXPECT_THROW(prepare_output_folder(""), Error);
}
