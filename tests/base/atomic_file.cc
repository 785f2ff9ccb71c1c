// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>

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

TEST_F(AtomicFile, ReplacesWhatASymbolicLinkLeadsTo)
{
  write("file", "old");
  fs::create_symlink("file", folder.path / "link");
  fs::create_symlink("missing", folder.path / "dangling");
  write("link", "new");
  write("dangling", "first");
  EXPECT_TRUE(fs::is_symlink(folder.path / "link"));
  EXPECT_TRUE(fs::is_symlink(folder.path / "dangling"));
  EXPECT_EQ(folder.read("file"), "new");
  EXPECT_EQ(folder.read("missing"), "first");
  EXPECT_EQ(folder.n_files(), 4u);
}

TEST_F(AtomicFile, DevicesAreWrittenToAndNotReplaced)
{
  fs::create_symlink("/dev/full", folder.path / "link");
  expect_contains(refusal("link"), "link", "No space left on device");
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
  EXPECT_TRUE(fs::is_symlink(folder.path / "link"));
}

TEST_F(AtomicFile, KeepsThePermissionsOfTheOldOne)
{
  write("file", "old");
  const auto secret = fs::perms::owner_read | fs::perms::owner_write;
  fs::permissions(folder.path / "file", secret);
  write("file", "new");
  EXPECT_EQ(fs::status(folder.path / "file").permissions(), secret);
}

TEST_F(AtomicFile, RemovesWhatKilledProgramsLeftAndNothingElse)
{
  for (const std::string stale : {"file.partial-1", "file.partial-99999999"})
    folder.write(stale, "half");
  for (const std::string other : {"file.partial-1.txt", "other.partial-1"})
    folder.write(other, "kept");
  // One that is being written now is locked.
  write_atomically(folder.file("file"), [&](std::ostream &out) {
    folder.write("file.partial-2", "half");
    out << "outer";
    const pid_t child = fork();
    if (child == 0)
      {
        write("file", "inner");
        _exit(0);
      }
    waitpid(child, nullptr, 0);
  });
  EXPECT_EQ(folder.read("file"), "outer");
  EXPECT_TRUE(fs::exists(folder.path / "file.partial-1.txt"));
  EXPECT_TRUE(fs::exists(folder.path / "other.partial-1"));
  EXPECT_EQ(folder.n_files(), 3u);
}

TEST_F(AtomicFile, SignalsRemoveTheTemporaryFileAndKeepTheOldOne)
{
  write("file", "old");
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGABRT, SIGSEGV})
    {
      const pid_t child = fork();
      if (child == 0)
        {
          signal(number, SIG_DFL); // nohup, for one, ignores SIGHUP
          clean_up_on_signals();
          write_atomically(folder.file("file"), [&](std::ostream &out) {
            out << "half" << std::flush;
            raise(number);
          });
          _exit(0);
        }
      int status = 0;
      waitpid(child, &status, 0);
      EXPECT_TRUE(WIFSIGNALED(status));
      EXPECT_EQ(WTERMSIG(status), number);
      EXPECT_EQ(folder.read("file"), "old");
      EXPECT_EQ(folder.n_files(), 1u);
    }
}

TEST_F(AtomicFile, SignalsToOtherThreadsRemoveTheTemporaryFile)
{
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  for (unsigned int i = 0; i < 100; ++i)
    {
      const pid_t child = fork();
      if (child == 0)
        {
          signal(SIGTERM, SIG_DFL);
          clean_up_on_signals();
          std::freopen("/dev/null", "w", stderr);
          std::thread([]() { pause(); }).detach();
          pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
          while (true)
            prepare_output_file(folder.file("file"), {});
        }
      std::this_thread::sleep_for(std::chrono::microseconds(2000 + 37 * i));
      kill(child, SIGTERM);
      int status = 0;
      waitpid(child, &status, 0);
      ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
      ASSERT_EQ(folder.n_files(), 0u) << "after kill " << i;
    }
}

TEST_F(AtomicFile, WhatCannotBeAnOutputIsRefusedBeforehand)
{
  const auto refusal = [&](const std::string              &name,
                           const std::vector<std::string> &inputs = {}) {
    return message([&]() { prepare_output_file(folder.file(name), inputs); });
  };
  folder.write("input", "precious");
  fs::create_symlink("input", folder.path / "link");
  fs::create_directories(folder.path / "folder");

  EXPECT_EQ(refusal("new"), "");
  EXPECT_EQ(refusal("deeper/new"), "");
  EXPECT_EQ(refusal("input"), ""); // that of an earlier run
  for (const std::string name : {"input", "link", "folder/../input"})
    expect_contains(refusal(name, {folder.file("input")}),
                    folder.file(name),
                    "it is the input");
  expect_contains(refusal("folder"), "it is a folder");
  expect_contains(refusal(std::string(250, 'x')), "File name too long");
  expect_contains(refusal("input/new"), folder.file("input"));
  EXPECT_EQ(folder.read("input"), "precious");
  EXPECT_EQ(folder.n_files(), 4u);
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
