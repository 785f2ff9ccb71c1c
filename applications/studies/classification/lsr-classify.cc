// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Classifies images of digits by linearized subspace refinement of a
// convolutional network that nobody has trained.

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>
#include <lsr/base/stopwatch.h>
#include <lsr/dense/host.h>
#include <lsr/dense/least_squares.h>
#include <lsr/network/version.h>
#include <lsr/refine/fit.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <map>
#include <vector>

#include "applications/studies/classification/accuracy.h"
#include "applications/studies/classification/convolutional_network.h"
#include "applications/studies/classification/idx_file.h"
#include "applications/studies/classification/options.h"
#include "applications/studies/classification/rendered_digits.h"

namespace lsr_studies
{
  namespace
  {
    void
    say(const std::string &line)
    {
      std::cerr << line << std::endl;
    }



    struct Images
    {
      std::string name;
      ImageSet    fit, validation, test;
    };

    Images
    read_or_render(const Options &options)
    {
      const bool  render = options.mnist.empty();
      const MNIST all =
        render ? MNIST{render_digits(options.n_images, 2 * options.seed),
                       render_digits(options.n_test, 2 * options.seed + 1)} :
                 read_mnist(options.mnist);
      for (const auto &[wanted, set, option] :
           {std::make_tuple(options.n_images, &all.train, "--images"),
            std::make_tuple(options.n_test, &all.test, "--test-images")})
        require(wanted <= set->size(),
                std::string(option) + " " + std::to_string(wanted) +
                  ": there are " + std::to_string(set->size()) + " in " +
                  options.mnist);
      const std::size_t n_fit = options.n_images - options.n_validation;
      return {render ? "rendered digits" : options.mnist,
              all.train.slice(0, n_fit),
              all.train.slice(n_fit, options.n_images),
              all.test.slice(0, options.n_test)};
    }



    /// What the convolutions make of images.
    ImageSet
    features(const Network &convolutions, const ImageSet &images)
    {
      const Block values = make_block(convolutions.n_outputs(), images.size());
      convolutions.evaluate(images.points,
                            Column(values.data(), values.size()));
      return {values, images.labels};
    }



    /// What a number of columns is worth; losses are means over the rows.
    struct Solution
    {
      std::size_t rank = 0;
      double      loss = 0, validation_loss = 0, test_accuracy = 0;
    };



    /// Ranks from none to all, four for each doubling from 16 on.
    std::vector<std::size_t>
    some_ranks(const std::size_t largest)
    {
      std::vector<std::size_t> ranks = {0};
      for (int i = 16; std::lround(std::pow(2., i / 4.)) < long(largest); ++i)
        ranks.push_back(std::lround(std::pow(2., i / 4.)));
      ranks.push_back(largest);
      return ranks;
    }



    /// What was found for one subspace.
    struct Result
    {
      std::size_t n_rows = 0, numerical_rank = 0;

      /// For some_ranks(); last, the rank with the least validation loss.
      std::vector<Solution> solutions;

      std::map<std::string, double> seconds;
    };



    /// Solve for some ranks and for that which validation chooses, all from
    /// one factorization. The coefficients are appended to @p Y.
    Result
    solve(const AppendRowsQR  &rows,
          const AppendRowsQR  &held_out,
          std::vector<Column> &Y)
    {
      const LeastSquares        problem(rows,
                                 Pivoting::columns,
                                 std::numeric_limits<double>::epsilon() / 2);
      const std::vector<double> losses     = problem.losses(),
                                validation = problem.held_out_loss(held_out);
      std::vector<std::size_t> ranks = some_ranks(problem.numerical_rank());
      ranks.push_back(std::min_element(validation.begin(), validation.end()) -
                      validation.begin());

      Result result;
      result.n_rows         = rows.n_rows();
      result.numerical_rank = problem.numerical_rank();
      for (const std::size_t k : ranks)
        {
          result.solutions.push_back({k,
                                      losses[k] / rows.n_rows(),
                                      validation[k] / held_out.n_rows(),
                                      0.});
          Y.push_back(problem.solve(k));
        }
      return result;
    }



    Block
    as_columns(const std::vector<Column> &vectors)
    {
      const Block block = make_block(vectors.front().size(), vectors.size());
      for (std::size_t j = 0; j < vectors.size(); ++j)
        Kokkos::deep_copy(columns(block, j, j + 1), as_block(vectors[j]));
      return block;
    }



    Result
    classify(const Options &options,
             const Network &network,
             const Images  &images)
    {
      std::map<std::string, double> seconds;
      const auto                    basis =
        make_tangent_basis(network, options.basis, images.fit.points, &seconds);

      std::vector<AppendRowsQR> rows, held_out;
      {
        const Stopwatch stopwatch(seconds["reduce"]);
        rows = factorize(network,
                         *basis,
                         ImageStream(images.fit, options.block_size),
                         say);
        held_out =
          factorize(network,
                    *basis,
                    ImageStream(images.validation, options.block_size));
      }

      Result              result;
      std::vector<Column> Y;
      {
        const Stopwatch stopwatch(seconds["solve"]);
        say("  solving for all ranks");
        result = solve(rows.front(), held_out.front(), Y);
      }
      {
        const Stopwatch           stopwatch(seconds["test"]);
        const std::vector<double> accuracy = accuracies(
          network, *basis, as_columns(Y), images.test, options.block_size);
        for (std::size_t i = 0; i < accuracy.size(); ++i)
          result.solutions[i].test_accuracy = accuracy[i];
      }
      result.seconds = seconds;
      return result;
    }



    std::string
    json_report(const Options &options,
                const Network &network,
                const Images  &images,
                const Result  &result)
    {
      const Solution        &chosen = result.solutions.back();
      nlohmann::ordered_json json;
      json["torch"]             = torch_version();
      json["set"]               = images.name;
      json["images"]            = options.n_images;
      json["validation_images"] = options.n_validation;
      json["test_images"]       = options.n_test;
      json["parameters"]        = network.n_parameters();
      json["activation"]        = options.activation;
      json["subspace"]          = options.basis.type;
      json["linear_layers"]     = options.linear_layers;
      json["rows"]              = result.n_rows;
      json["rank"]              = options.basis.n_directions;
      json["numerical_rank"]    = result.numerical_rank;
      json["chosen_rank"]       = chosen.rank;
      json["loss"]              = chosen.loss;
      json["validation_loss"]   = chosen.validation_loss;
      json["accuracy_network"]  = result.solutions.front().test_accuracy;
      json["accuracy"]          = chosen.test_accuracy;
      json["memory_gb"]         = peak_memory();
      json["threads"]           = options.n_threads;
      double total              = 0;
      for (const auto &[stage, seconds] : result.seconds)
        {
          json["seconds"][stage] = std::round(1000 * seconds) / 1000;
          total += seconds;
        }
      json["seconds"]["total"] = std::round(1000 * total) / 1000;
      return json.dump();
    }



    void
    write_ranks(const std::string &path, std::vector<Solution> solutions)
    {
      solutions.pop_back(); // the chosen one is in the report
      write_atomically(path, [&](std::ostream &out) {
        out.precision(10);
        out << "rank,loss,validation_loss,test_accuracy\n";
        for (const Solution &solution : solutions)
          out << solution.rank << ',' << solution.loss << ','
              << solution.validation_loss << ',' << solution.test_accuracy
              << '\n';
      });
    }



    /// The first images in ten rows of 24, pixel by pixel from the top left.
    void
    write_samples(const std::string &path, const ImageSet &images)
    {
      constexpr std::size_t n_rows = 10, n_columns = 24, w = ImageSet::width;
      const HostBlock       points = to_host(images.points);
      write_atomically(path, [&](std::ostream &out) {
        out << "x,y,ink\n";
        for (std::size_t y = 0; y < n_rows * w; ++y)
          for (std::size_t x = 0; x < n_columns * w; ++x)
            {
              const std::size_t image = y / w * n_columns + x / w;
              out << x << ',' << n_rows * w - 1 - y << ','
                  << (image < images.size() ? points(y % w * w + x % w, image) :
                                              0.)
                  << '\n';
            }
      });
    }



    void
    run(const Options &options)
    {
      Network::set_n_threads(options.n_threads);
      options.prepare_output();
      const Images  images = read_or_render(options);
      const Network network =
        convolutional_network(options.seed, options.activation);
      say(network.description());
      if (!options.samples_file.empty())
        write_samples(options.samples_file, images.fit);

      Result result;
      if (options.linear_layers)
        {
          const auto parts = take_apart(network, options.activation);
          result           = classify(options,
                            parts.head,
                            {images.name,
                                       features(parts.convolutions, images.fit),
                                       features(parts.convolutions, images.validation),
                                       features(parts.convolutions, images.test)});
        }
      else
        result = classify(options, network, images);
      std::cout << json_report(options, network, images, result) << std::endl;
      if (!options.ranks_file.empty())
        write_ranks(options.ranks_file, result.solutions);
    }
  } // namespace
} // namespace lsr_studies



int
main(int argc, char **argv)
{
  return lsr::run_core_program<lsr_studies::Options>("lsr-classify",
                                                     argc,
                                                     argv,
                                                     lsr_studies::run);
}
