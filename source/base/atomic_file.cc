// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>
#include <lsr/base/timer.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

namespace lsr
{
  namespace
  {
    namespace fs = std::filesystem;

    std::string
    reason(const int error_number)
    {
      return error_number != 0 ? std::generic_category().message(error_number) :
                                 "the data could not be written";
    }



    /// The names of the temporary files there are, for a handler of signals.
    std::array<std::atomic<const char *>, 16> names_of_temporary_files;

    /// Whether a signal has come that ends the process; it may be handled by
    /// another thread than the one that writes.
    std::atomic<bool> is_ending{false};

    /// How many temporary files are being created, whose end the handler
    /// awaits.
    std::atomic<int> n_being_created{0};

    /// A signal that ends the process.
    struct Signal
    {
      int         number;
      const char *text;
      bool        is_crash;
    };

    constexpr std::array<Signal, 8> signals = {
      {{SIGINT, "interrupted (SIGINT)", false},
       {SIGTERM, "terminated (SIGTERM)", false},
       {SIGHUP, "hung up (SIGHUP)", false},
       {SIGABRT, "error: aborted (SIGABRT)", true},
       {SIGBUS, "error: crashed (SIGBUS)", true},
       {SIGFPE, "error: crashed (SIGFPE)", true},
       {SIGILL, "error: crashed (SIGILL)", true},
       {SIGSEGV, "error: crashed (SIGSEGV)", true}}};



    extern "C" void
    remove_temporary_files()
    {
      for (auto &name : names_of_temporary_files)
        if (const char *const path = name)
          unlink(path);
    }



    /// Return unless the process is ending, for then all else is no matter.
    void
    await_end()
    {
      while (is_ending)
        pause();
    }



    /// Create a file, and return its descriptor; never once a signal has come.
    int
    create(const std::string &path)
    {
      // Were it to interrupt this thread, the handler would await itself.
      sigset_t blocked, previous;
      sigemptyset(&blocked);
      for (const Signal &known : signals)
        if (!known.is_crash)
          sigaddset(&blocked, known.number);
      pthread_sigmask(SIG_BLOCK, &blocked, &previous);
      ++n_being_created;
      const int descriptor =
        is_ending ?
          -1 :
          open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
      const int error = errno;
      --n_being_created;
      await_end();
      pthread_sigmask(SIG_SETMASK, &previous, nullptr);
      errno = error;
      return descriptor;
    }



    /// A file that is removed at the end of its scope, if it is still there.
    /// Its lock tells it from what a killed program left.
    class TemporaryFile
    {
    public:
      explicit TemporaryFile(const fs::path &neighbour)
        : path(neighbour.string() + suffix + std::to_string(getpid()))
      {
        // Libraries may end the program.
        [[maybe_unused]] static const int error_of_registration =
          std::atexit(remove_temporary_files) +
          std::at_quick_exit(remove_temporary_files);
        remove_stale_ones(neighbour);
        for (auto &name : names_of_temporary_files)
          {
            const char *none = nullptr;
            if (name.compare_exchange_strong(none, path.c_str()))
              {
                place = &name;
                break;
              }
          }
        descriptor = create(path);
        error      = errno;
        if (descriptor >= 0)
          flock(descriptor, LOCK_EX | LOCK_NB);
      }

      TemporaryFile(const TemporaryFile &) = delete;

      ~TemporaryFile()
      {
        unlink(path.c_str());
        if (descriptor >= 0)
          close(descriptor);
        if (place != nullptr)
          *place = nullptr;
        await_end(); // no message that the handler has removed it
      }

      /// The error number of the operating system; 0 if the file is there.
      int
      error_number() const
      {
        return descriptor >= 0 ? 0 : error;
      }

      /// Wait until what was written is on the disk. File systems that cannot
      /// do this are no reason to fail.
      bool
      synchronize() const
      {
        return fsync(descriptor) == 0 || errno == EINVAL;
      }

    private:
      static constexpr const char *suffix = ".partial-";

      /// Remove the temporary files of programs that were killed: those that
      /// nobody has locked.
      static void
      remove_stale_ones(const fs::path &neighbour)
      {
        const std::string beginning = neighbour.filename().string() + suffix;
        const std::string folder =
          neighbour.has_parent_path() ? neighbour.parent_path().string() : ".";
        // Not std::filesystem's iterator, which ends the program where there
        // is no memory.
        const std::unique_ptr<DIR, int (*)(DIR *)> entries(
          opendir(folder.c_str()), closedir);
        if (!entries)
          return;
        const int here = dirfd(entries.get());
        while (const dirent *const entry = readdir(entries.get()))
          {
            const std::string name = entry->d_name;
            if (name.compare(0, beginning.size(), beginning) != 0 ||
                name.find_first_not_of("0123456789", beginning.size()) !=
                  std::string::npos)
              continue;
            const int stale =
              openat(here, name.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
            if (stale < 0)
              continue;
            if (flock(stale, LOCK_EX | LOCK_NB) == 0)
              unlinkat(here, name.c_str(), 0);
            close(stale);
          }
      }

    public:
      const std::string path;

    private:
      int                        descriptor = -1;
      int                        error      = 0;
      std::atomic<const char *> *place      = nullptr;
    };



    /// The file that @p path stands for: where symbolic links lead to.
    fs::path
    target_of(const std::string &path)
    {
      fs::path        target = path;
      std::error_code error;
      // As many steps as Linux takes.
      for (int i = 0; i < 40 && fs::is_symlink(target, error); ++i)
        target = target.parent_path() / fs::read_symlink(target, error);
      return target;
    }



    /// Devices and pipes cannot be replaced.
    bool
    is_replaceable(const fs::path &target)
    {
      std::error_code error;
      return !fs::exists(target, error) || fs::is_regular_file(target, error) ||
             fs::is_directory(target, error); // which will be refused
    }



    /// Let the stream that @p open_path leads to be filled by @p writer. It is
    /// there already and @p empty, and is not created again if a signal has
    /// removed it, or it is made so.
    void
    fill(const fs::path                            &open_path,
         const bool                                 empty,
         const std::function<void(std::ostream &)> &writer,
         const std::string                         &failure)
    {
      errno = 0;
      std::ofstream out(open_path,
                        std::ios::binary |
                          (empty ? std::ios::in : std::ios::trunc));
      require(out.is_open(), failure + reason(errno));
      errno = 0;
      writer(out);
      out.close();
      require(!out.fail(), failure + reason(errno));
    }



    /// Let the disk know the new name; not all file systems can.
    void
    synchronize_folder_of(const fs::path &path)
    {
      const fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
      const int      descriptor = open(folder.c_str(), O_RDONLY | O_CLOEXEC);
      if (descriptor < 0)
        return;
      fsync(descriptor);
      close(descriptor);
    }



    /// Write to the standard error; if nobody listens, it does not matter.
    void
    say(const char *const text)
    {
      [[maybe_unused]] const ssize_t n =
        write(STDERR_FILENO, text, std::strlen(text));
    }



    extern "C" void
    clean_up_and_end(const int number)
    {
      const Signal &known =
        *std::find_if(signals.begin(), signals.end(), [=](const Signal &other) {
          return other.number == number;
        });
      if (!known.is_crash)
        {
          is_ending = true;
          while (n_being_created > 0)
            usleep(100);
        }
      remove_temporary_files();
      say("lsr: ");
      say(known.text);
      if (known.is_crash && !Timer::current_stage().empty())
        {
          say(", in the stage '");
          say(Timer::current_stage().c_str());
          say("'");
        }
      say("\n");
      signal(number, SIG_DFL);
      raise(number);
    }
    /// @p path is neither a folder nor one of the @p inputs.
    void
    require_output(const std::string              &path,
                   const std::vector<std::string> &inputs)
    {
      const std::string failure = "Cannot write the file '" + path + "': ";
      const fs::path    target  = target_of(path);
      std::error_code   error;
      require(!fs::is_directory(target, error),
              failure + "it is a folder, expected the name of a file");
      for (const std::string &input : inputs)
        require(!fs::equivalent(target, input, error),
                failure + "it is the input '" + input +
                  "', which would be lost; expected another name");
    }
  } // namespace



  void
  write_atomically(const std::string                         &path,
                   const std::function<void(std::ostream &)> &writer)
  {
    const std::string failure = "Cannot write the file '" + path + "': ";
    const fs::path    target  = target_of(path);
    if (!is_replaceable(target))
      {
        fill(target, false, writer, failure);
        return;
      }

    const TemporaryFile temporary(target);
    require(temporary.error_number() == 0,
            failure + reason(temporary.error_number()));
    fill(temporary.path, true, writer, failure);
    const bool is_on_disk = temporary.synchronize(); // sets errno
    require(is_on_disk, failure + reason(errno));

    std::error_code error;
    if (fs::exists(target, error))
      fs::permissions(temporary.path, fs::status(target).permissions(), error);
    fs::rename(temporary.path, target, error);
    require(!error, failure + error.message());
    synchronize_folder_of(target);
  }



  void
  prepare_output_folder(const std::string              &path,
                        const std::vector<std::string> &files,
                        const std::vector<std::string> &inputs)
  {
    require(!path.empty(), "The name of the output folder is empty.");
    for (const std::string &file : files)
      require_output((fs::path(path) / file).string(), inputs);

    const std::string failure = "Cannot use the output folder '" + path + "': ";
    std::error_code   error;
    fs::create_directories(path, error);
    require(!error, failure + error.message());
    require(fs::is_directory(path, error), failure + "it is not a folder");

    // Whether files can be written is best seen by writing one: permission
    // bits tell little about read-only or full disks.
    const std::string   cannot = failure + "no file can be written there: ";
    const TemporaryFile probe(fs::path(path) / "probe");
    require(probe.error_number() == 0, cannot + reason(probe.error_number()));
    fill(
      probe.path,
      true,
      [](std::ostream &out) { out << "probe" << std::endl; },
      cannot);
  }



  void
  prepare_output_file(const std::string              &path,
                      const std::vector<std::string> &inputs)
  {
    require(!path.empty(), "The name of an output file is empty.");
    require_output(path, inputs);
    const fs::path target = target_of(path);
    if (!is_replaceable(target))
      return;
    prepare_output_folder(fs::absolute(target).parent_path().string());
    const TemporaryFile probe(target);
    require(probe.error_number() == 0,
            "Cannot write the file '" + path +
              "': " + reason(probe.error_number()));
  }



  void
  clean_up_on_signals()
  {
    using Actions                = std::array<struct sigaction, signals.size()>;
    static const Actions actions = []() {
      Actions result;
      for (std::size_t i = 0; i < result.size(); ++i)
        {
          sigaction(signals[i].number, nullptr, &result[i]);
          if (result[i].sa_handler == SIG_DFL)
            {
              result[i].sa_handler = clean_up_and_end;
              result[i].sa_flags   = SA_RESTART;
            }
        }
      return result;
    }();
    for (std::size_t i = 0; i < actions.size(); ++i)
      sigaction(signals[i].number, &actions[i], nullptr);
  }
} // namespace lsr
