// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Classifies images of digits by linearized subspace refinement of a
// convolutional network that nobody has trained.

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>
#include <lsr/base/stopwatch.h>
#include <lsr/dense/host.h>
#include <lsr/dense/selection.h>
#include <lsr/network/version.h>
#include <lsr/refine/fit.h>

#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include <cmath>
#include <iostream>
#include <limits>
#include <map>
#include <vector>

#include "classification/accuracy.h"
#include "classification/convolutional_network.h"
#include "classification/idx_file.h"
#include "classification/options.h"
#include "classification/rendered_digits.h"

namespace lsr
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



    /// A rank, a Tikhonov parameter, and what they are worth.
    struct Solution
    {
      Regularization choice;

      /// $\|f + A J V y\|^2$ over the rows.
      double loss = 0, validation_loss = 0;

      double test_accuracy = 0;
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

      /// Without damping, for some_ranks().
      std::vector<Solution> ranks;

      /// With the rank and the Tikhonov parameter that validation chooses.
      Solution chosen;

      std::map<std::string, double> seconds;
    };



    /// Solve for some ranks and for the best damping, from one factorization.
    /// Columns of coefficients are appended to @p Y.
    Result
    solve(const AppendRowsQR  &rows,
          const AppendRowsQR  &held_out,
          std::vector<Column> &Y)
    {
      const LeastSquares problem(rows,
                                 Pivoting::columns,
                                 std::numeric_limits<double>::epsilon() / 2);
      const HeldOutLoss  predicted({{problem, {held_out}}}, rows.n_rows());

      Result result;
      result.n_rows                        = rows.n_rows();
      result.numerical_rank                = problem.numerical_rank();
      const std::vector<double> losses     = problem.losses(),
                                validation = predicted.of_ranks();
      for (const std::size_t k : some_ranks(result.numerical_rank))
        {
          result.ranks.push_back({{k, 0., validation[k]},
                                  losses[k] / rows.n_rows(),
                                  validation[k] / rows.n_rows(),
                                  0.});
          Y.push_back(problem.solve(k));
        }

      RegularizationChoice best;
      best.exhaustive  = true;
      best.slack       = 0;
      Solution &chosen = result.chosen;
      chosen.choice    = choose_regularization(predicted, problem, best);
      if (chosen.choice.lambda > 0)
        {
          const Tikhonov tikhonov = problem.tikhonov(chosen.choice.rank);
          chosen.loss             = tikhonov.loss(chosen.choice.lambda);
          Y.push_back(tikhonov.solve(chosen.choice.lambda));
        }
      else
        {
          chosen.loss = losses[chosen.choice.rank];
          Y.push_back(problem.solve(chosen.choice.rank));
        }
      chosen.loss /= rows.n_rows();
      chosen.validation_loss = chosen.choice.predicted_loss / rows.n_rows();
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
        say("  choosing rank and Tikhonov parameter");
        result = solve(rows.front(), held_out.front(), Y);
      }
      {
        const Stopwatch           stopwatch(seconds["test"]);
        const std::vector<double> accuracy = accuracies(
          network, *basis, as_columns(Y), images.test, options.block_size);
        for (std::size_t i = 0; i < result.ranks.size(); ++i)
          result.ranks[i].test_accuracy = accuracy[i];
        result.chosen.test_accuracy = accuracy.back();
      }
      result.seconds = seconds;
      return result;
    }



    /// The most memory that this process has had, in GB.
    double
    peak_memory()
    {
      rusage usage;
      getrusage(RUSAGE_SELF, &usage);
      return usage.ru_maxrss * 1024e-9;
    }



    std::string
    json_report(const Options &options,
                const Network &network,
                const Images  &images,
                const Result  &result)
    {
      nlohmann::ordered_json json;
      json["torch"]                = torch_version();
      json["set"]                  = images.name;
      json["images"]               = options.n_images;
      json["validation_images"]    = options.n_validation;
      json["test_images"]          = options.n_test;
      json["parameters"]           = network.n_parameters();
      json["activation"]           = options.activation;
      json["subspace"]             = options.basis.type;
      json["rows"]                 = result.n_rows;
      json["rank"]                 = options.basis.n_directions;
      json["numerical_rank"]       = result.numerical_rank;
      json["chosen_rank"]          = result.chosen.choice.rank;
      json["tikhonov"]             = result.chosen.choice.lambda;
      json["loss"]                 = result.chosen.loss;
      json["validation_loss"]      = result.chosen.validation_loss;
      json["accuracy_network"]     = result.ranks.front().test_accuracy;
      json["accuracy_all_columns"] = result.ranks.back().test_accuracy;
      json["accuracy"]             = result.chosen.test_accuracy;
      json["memory_gb"]            = peak_memory();
      json["threads"]              = options.n_threads;
      double total                 = 0;
      for (const auto &[stage, seconds] : result.seconds)
        {
          json["seconds"][stage] = std::round(1000 * seconds) / 1000;
          total += seconds;
        }
      json["seconds"]["total"] = std::round(1000 * total) / 1000;
      return json.dump();
    }



    void
    write_ranks(const std::string &path, const std::vector<Solution> &ranks)
    {
      write_atomically(path, [&](std::ostream &out) {
        out.precision(10);
        out << "rank,loss,validation_loss,test_accuracy\n";
        for (const Solution &solution : ranks)
          out << solution.choice.rank << ',' << solution.loss << ','
              << solution.validation_loss << ',' << solution.test_accuracy
              << '\n';
      });
    }



    /// The pixels of the first images, in ten rows of 24.
    void
    write_samples(const std::string &path, const ImageSet &images)
    {
      constexpr std::size_t n_rows = 10, n_columns = 24, w = ImageSet::width;
      const HostBlock       points = to_host(images.points);
      write_atomically(path, [&](std::ostream &out) {
        out << "x,y,ink\n";
        for (std::size_t i = 0; i < std::min(n_rows * n_columns, images.size());
             ++i)
          for (std::size_t p = 0; p < ImageSet::n_pixels; ++p)
            out << i % n_columns * w + p % w << ','
                << (n_rows - i / n_columns) * w - p / w - 1 << ','
                << points(p, i) << '\n';
      });
    }



    void
    run(const Options &options)
    {
      Network::set_n_threads(options.n_threads);
      options.prepare_output();
      const Network network =
        convolutional_network(options.seed, options.activation);
      const Images images = read_or_render(options);
      say(network.description());
      if (!options.samples_file.empty())
        write_samples(options.samples_file, images.fit);

      const Result result = classify(options, network, images);
      std::cout << json_report(options, network, images, result) << std::endl;
      if (!options.ranks_file.empty())
        write_ranks(options.ranks_file, result.ranks);
    }
  } // namespace
} // namespace lsr



int
main(int argc, char **argv)
{
  lsr::Options options;
  try
    {
      if (!options.parse(argc, argv))
        return 0;
      lsr::run(options);
    }
  catch (const std::exception &error)
    {
      std::cerr << "lsr-classify: error: " << error.what() << std::endl;
      return 1;
    }
  return 0;
}
