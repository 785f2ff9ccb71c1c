// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/lsr/draw_pictures.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace
{
  namespace fs = std::filesystem;

  /// A script, and a folder for its pictures.
  class DrawPictures : public testing::Test
  {
  protected:
    DrawPictures()
      : folder(fs::temp_directory_path() /
               ("lsr it's " + std::to_string(getpid())))
    {
      fs::remove_all(folder);
      fs::create_directory(folder);
    }

    ~DrawPictures() override
    {
      fs::remove_all(folder);
    }

    lsr::Pictures
    draw(const std::string &python)
    {
      std::ofstream(folder / "script.py")
        << "import sys, time\nfolder = sys.argv[1]\n"
        << "def draw(name):\n"
        << "    open(folder + '/' + name, 'w').write('picture')\n"
        << "    print(folder + '/' + name, flush=True)\n"
        << python;
      return lsr::draw_pictures((folder / "script.py").string(),
                                folder.string(),
                                std::chrono::seconds(1));
    }

    /// Nothing but these files is left, and the failure says how to go on.
    static void
    expect_failure(const lsr::Pictures &pictures,
                   const std::string   &reason,
                   const std::size_t    n_drawn)
    {
      EXPECT_EQ(pictures.files.size(), n_drawn);
      for (const std::string &part :
           {reason, std::string("python3 '"), std::string("script.py' '")})
        EXPECT_NE(pictures.failure.find(part), std::string::npos)
          << pictures.failure;
      EXPECT_EQ(pictures.failure.find('\n'), std::string::npos);
    }

    const fs::path folder;
  };
} // namespace



TEST_F(DrawPictures, NamesWhatIsDrawn)
{
  const lsr::Pictures pictures = draw("draw('a.png')\nprint('by the way')\n");
  EXPECT_EQ(pictures.failure, "");
  EXPECT_EQ(pictures.files,
            std::vector<std::string>{(folder / "a.png").string()});
}



TEST_F(DrawPictures, SaysWhatWentWrong)
{
  expect_failure(draw("draw('a.png')\nsys.exit('b.png: no paper')\n"),
                 "Not all pictures were drawn: b.png: no paper",
                 1);
  expect_failure(draw("this is no Python\n"),
                 "No pictures were drawn: SyntaxError",
                 0);
}



TEST_F(DrawPictures, EndsAScriptThatHangs)
{
  expect_failure(draw("draw('a.png')\ndraw('b.png.partial')\n"
                      "import signal\n"
                      "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                      "time.sleep(60)\n"),
                 "did not end within 1 seconds",
                 1);
  EXPECT_FALSE(fs::exists(folder / "b.png.partial"));
}



TEST_F(DrawPictures, RemovesWhatAKilledRunHasBegun)
{
  std::ofstream(folder / "b.png.partial") << "half";
  EXPECT_EQ(draw("draw('a.png')\n").failure, "");
  EXPECT_FALSE(fs::exists(folder / "b.png.partial"));
}



TEST_F(DrawPictures, NeedsAnInterpreter)
{
  const std::string path = std::getenv("PATH");
  fs::create_directory(folder / "bin");
  fs::create_symlink("/usr/bin/timeout", folder / "bin" / "timeout");
  setenv("PATH", (folder / "bin").c_str(), 1);
  const lsr::Pictures pictures = draw("draw('a.png')\n");
  setenv("PATH", path.c_str(), 1);
  expect_failure(pictures, "python3-matplotlib", 0);
}
