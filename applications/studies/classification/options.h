// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_classification_options_h
#define lsr_studies_classification_options_h

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>
#include <lsr/refine/make_tangent_basis.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>

#include "applications/studies/core_program.h"
#include "applications/studies/namespace.h"

namespace lsr_studies
{
  /// The command line of lsr-classify.
  struct Options
  {
    /// Folder of the files of MNIST; empty: rendered digits.
    std::string mnist;

    /// Images to fit and to validate with, and to test with.
    std::size_t n_images = 10000, n_test = 2000;

    /// How many of the former are held out to choose rank and damping by.
    std::size_t n_validation = 1000;

    std::string            activation = "relu";
    TangentBasisParameters basis;
    std::uint64_t          seed = 0;

    /// Whether only the parameters of the linear layers move.
    bool linear_layers = false;

    std::size_t  block_size = 200;
    unsigned int n_threads  = 0;

    std::string ranks_file, samples_file;

    Options()
    {
      basis.type         = "parameters";
      basis.n_directions = 2000;
    }

    /// Returns false if help was asked for and printed. Throws lsr::Error for
    /// what does not make sense.
    bool
    parse(int argc, char **argv);

    /// Make sure that the files that are asked for can be written.
    void
    prepare_output() const
    {
      for (const std::string &file : {ranks_file, samples_file})
        if (!file.empty())
          prepare_output_folder(
            std::filesystem::absolute(file).parent_path().string());
    }
  };



  inline bool
  Options::parse(int argc, char **argv)
  {
    CLI::App app("Classify images of digits by linearized subspace refinement "
                 "of a convolutional network that nobody has trained.",
                 "lsr-classify");
    app.get_formatter()->column_width(32);
    app.add_option("--mnist",
                   mnist,
                   "Folder with the four files of MNIST, uncompressed "
                   "(default: digits that the program renders)");
    app
      .add_option("--images",
                  n_images,
                  "Images to fit, those of --validation included")
      ->capture_default_str();
    app
      .add_option("--validation",
                  n_validation,
                  "Images held out of the fit, to choose the rank by")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
    app.add_option("--test-images", n_test, "Images to test with")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
    app
      .add_option("--activation",
                  activation,
                  "relu, tanh, gelu, or identity, which makes a linear "
                  "classifier of the pixels")
      ->capture_default_str();
    app
      .add_option("--subspace",
                  basis.type,
                  "parameters, structured, rsvd or landmark")
      ->capture_default_str();
    app
      .add_option("--directions",
                  basis.n_directions,
                  "Directions of the subspace")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
    app.add_flag("--linear-layers",
                 linear_layers,
                 "Directions move the parameters of the linear layers only: "
                 "84 % of all, and much cheaper");
    app
      .add_option("--seed",
                  seed,
                  "Seed of the network, the directions and the rendered "
                  "digits")
      ->capture_default_str();
    app.add_option("--block", block_size, "Images in a block of rows")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
    app.add_option("--threads", n_threads, "Threads (default: all cores)");
    app.add_option("--ranks",
                   ranks_file,
                   "Table of losses and accuracies over the rank (.csv)");
    app.add_option("--samples",
                   samples_file,
                   "Table of the pixels of some images to fit, side by side "
                   "(.csv)");
    if (!parse_command_line(app, argc, argv))
      return false;

    require(n_validation < n_images,
            "--validation " + std::to_string(n_validation) +
              ": less than the " + std::to_string(n_images) +
              " of --images expected");
    basis.seed = seed;
    if (n_threads == 0)
      n_threads = std::max(1U, std::thread::hardware_concurrency());
    return true;
  }
} // namespace lsr_studies

#endif
