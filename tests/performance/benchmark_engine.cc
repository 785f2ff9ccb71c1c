// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Every stage of a refinement next to its floor: the arithmetic that it cannot
// do without, at the rate that a large matrix product has on this machine at
// the same moment.

#include <lsr/base/device.h>
#include <lsr/base/exceptions.h>
#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/least_squares.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/fit.h>
#include <lsr/refine/tangent_basis.h>

#include <CLI/CLI.hpp>

#include <cmath>
#include <iostream>

#include "data.h"
#include "dense/qr.h"
#include "network/jacobian.h"
#include "support/models.h"
#include "timing.h"

extern "C"
{
  void
  dgeqp3_(const int *m,
          const int *n,
          double    *A,
          const int *lda,
          int       *jpvt,
          double    *tau,
          double    *work,
          const int *lwork,
          int       *info);
}

using namespace lsr;
using namespace lsr::performance;
using benchmark::State;

namespace
{
  /// Sizes of the problem whose stages are measured.
  struct Sizes
  {
    std::size_t  rows = 8000, columns = 1000, structured_columns = 1150;
    std::size_t  subset = 2000, explicit_rows = 1024;
    unsigned int width = 128, depth = 6;
    unsigned int n_threads   = 2;
    unsigned int repetitions = 3;
  } sizes;



  double
  seconds(
    const Work &work,
    const Work &prepare = []() {})
  {
    return best_seconds(sizes.repetitions, work, prepare);
  }



  double
  gemm_seconds(const std::size_t m, const std::size_t n, const std::size_t k)
  {
    const Block A = test::random_block(m, k), B = test::random_block(k, n),
                C = make_zero_block(m, n);
    return seconds([&]() { multiply(1, 'N', A, 'N', B, 0, C); });
  }



  /// Floating-point operations a second of a large product, now.
  double
  gemm_rate()
  {
    const std::size_t n = 2000;
    return 2. * n * n * n / gemm_seconds(n, n, n);
  }



  /// Report @p time with the rate at which @p flops were done, and @p floor,
  /// the least time that could be expected.
  void
  report(State       &state,
         const double time,
         const double flops,
         const double floor)
  {
    report_seconds(state, time);
    state.counters["GFLOP/s"]     = flops / time * 1e-9;
    state.counters["floor_ms"]    = floor * 1e3;
    state.counters["times_floor"] = time / floor;
  }

  /// The same where the floor are @p flops at the rate of a large product.
  void
  report(State &state, const double time, const double flops)
  {
    report(state, time, flops, flops / gemm_rate());
  }



  Network
  fully_connected()
  {
    FullyConnected layout;
    layout.widths.assign(sizes.depth, sizes.width);
    return layout.build();
  }



  void
  gemm(State            &state,
       const std::size_t m,
       const std::size_t n,
       const std::size_t k)
  {
    report(state, gemm_seconds(m, n, k), 2. * m * n * k);
  }



  double
  qr_flops()
  {
    return 2. * sizes.rows * std::pow(double(sizes.columns), 2);
  }



  /// Time of a factorization of rows in blocks of @p block rows.
  double
  append_rows_seconds(const std::size_t n_rows,
                      const std::size_t n_columns,
                      const std::size_t block)
  {
    const Block        A = test::random_block(n_rows, n_columns);
    std::vector<Block> blocks;
    const auto         cut = [&]() {
      blocks.clear();
      for (std::size_t first = 0; first < n_rows; first += block)
        {
          const std::size_t last = std::min(first + block, n_rows);
          blocks.push_back(make_block(last - first, n_columns));
          Kokkos::deep_copy(blocks.back(), rows(A, first, last));
        }
    };
    return seconds(
      [&]() {
        AppendRowsQR qr(n_columns);
        for (const Block &rows : blocks)
          qr.append(rows);
      },
      cut);
  }

  /// Rows at a time that suit the device.
  std::size_t
  block_size()
  {
    return blocks_on_host ? 2048 : std::size_t(1) << 16;
  }

  void
  append_rows(State &state)
  {
    report(state,
           append_rows_seconds(sizes.rows, sizes.columns, block_size()),
           qr_flops());
  }

  /// Time of a factorization that overwrites its matrix.
  template <typename Factorize>
  void
  qr(State &state, const Factorize &factorize)
  {
    const Block A    = test::random_block(sizes.rows, sizes.columns);
    const Block copy = make_block(sizes.rows, sizes.columns);
    report(state,
           seconds([&]() { factorize(copy); },
                   [&]() { Kokkos::deep_copy(copy, A); }),
           qr_flops());
  }



  /// Time of a factorization by LAPACK, which sees A, its leading dimension
  /// and a workspace.
  double
  lapack_seconds(
    const std::size_t n_rows,
    const std::size_t n_columns,
    const std::function<
      void(int m, int n, double *A, std::vector<double> &work)> &factorize)
  {
    const Block         A    = test::random_block(n_rows, n_columns);
    const Block         copy = make_block(n_rows, n_columns);
    std::vector<double> work(128 * (n_columns + 1));
    return seconds([&]() { factorize(n_rows, n_columns, copy.data(), work); },
                   [&]() { Kokkos::deep_copy(copy, A); });
  }

  void
  lapack_pivoted_qr(State &state)
  {
    report(
      state,
      lapack_seconds(sizes.columns,
                     sizes.columns,
                     [](int m, int n, double *A, std::vector<double> &work) {
                       std::vector<double> tau(n);
                       std::vector<int>    pivots(n, 0);
                       const int           lwork = work.size();
                       int                 info  = 0;
                       dgeqp3_(&m,
                               &n,
                               A,
                               &m,
                               pivots.data(),
                               tau.data(),
                               work.data(),
                               &lwork,
                               &info);
                     }),
      4. / 3. * std::pow(double(sizes.columns), 3));
  }



  /// A well-conditioned triangle.
  Block
  random_triangle()
  {
    const HostBlock R =
      to_host(test::random_block(sizes.columns, sizes.columns));
    for (std::size_t i = 0; i < sizes.columns; ++i)
      R(i, i) += 2. * std::sqrt(double(sizes.columns));
    return to_memory_space(R);
  }

  LeastSquares
  random_problem()
  {
    return {random_triangle(), test::random_column(sizes.columns), 1.};
  }

  void
  pivoting(State &state)
  {
    const Block  R = random_triangle();
    const Column z = test::random_column(sizes.columns);
    report(state,
           seconds([&]() { LeastSquares(R, z, 1., Pivoting::columns); }),
           4. / 3. * std::pow(double(sizes.columns), 3));
  }

  void
  profile(State &state)
  {
    const LeastSquares problem = random_problem();
    report(state,
           seconds([&]() { problem.profile(); }),
           1. / 3. * std::pow(double(sizes.columns), 3));
  }

  void
  regularization(State &state)
  {
    const LeastSquares problem = random_problem();
    // Bidiagonal form and both factors.
    report(state,
           seconds([&]() { problem.tikhonov(); }),
           20. / 3. * std::pow(double(sizes.columns), 3));
  }



  /// The time of the thin products that structured directions cannot do
  /// without: outputs and inputs of every layer.
  double
  thin_products_seconds()
  {
    const std::size_t w = sizes.width, r = sizes.structured_columns;
    const auto        one = [&](const std::size_t k) {
      return gemm_seconds(sizes.rows, r, k);
    };
    return one(w) + one(3) + (sizes.depth - 1) * (one(w) + one(w + 1)) +
           one(1) + one(w + 1);
  }

  void
  structured_product(State &state)
  {
    const Network         network = fully_connected();
    const StructuredBasis basis(network, sizes.structured_columns, 0);
    const Block           points = test::random_points(2, sizes.rows, -1, 1);
    const Block           JV = make_block(sizes.rows, sizes.structured_columns);
    const double          flops =
      2. * sizes.rows * sizes.structured_columns *
      (sizes.width + 3 + (sizes.depth - 1) * (2. * sizes.width + 1) +
       sizes.width + 2);
    report(state,
           seconds([&]() { basis.apply(points, JV); }),
           flops,
           thin_products_seconds());
  }



  DataSet
  sine_data()
  {
    DataSet data             = make_data_set(2, {{DataSet::fit, sizes.rows}});
    data.points              = test::random_points(2, sizes.rows, -1, 1);
    const HostBlock  points  = to_host(data.points);
    const HostColumn targets = to_host(data.targets);
    for (std::size_t i = 0; i < sizes.rows; ++i)
      targets(i) =
        std::sin(M_PI * points(0, i)) * std::sin(M_PI * points(1, i));
    data.targets = to_memory_space(targets);
    return data;
  }

  /// A whole refinement; its floor is the factorization alone.
  void
  structured_refinement(State &state)
  {
    const Network         network = fully_connected();
    const StructuredBasis basis(network, sizes.structured_columns, 0);
    const DataSet         data = sine_data();
    const DataStream      stream(data, 1, block_size());
    FitParameters         parameters;
    parameters.rule = SelectionRule::plateau;
    const double time =
      seconds([&]() { fit(basis, stream, parameters); });
    report(state,
           time,
           2. * sizes.rows * std::pow(double(sizes.structured_columns), 2),
           append_rows_seconds(sizes.rows,
                               sizes.structured_columns,
                               block_size()));
  }



  void
  jacobian_rows(State &state)
  {
    const Network network = fully_connected();
    const Block   points  = test::random_points(2, sizes.explicit_rows, -1, 1);
    const double numbers = double(sizes.explicit_rows) * network.n_parameters();
    const double time    = seconds([&]() {
      NetworkJacobian(network, points)
        .visit_rows<Block>([](const Block &J, std::size_t, std::size_t) {
          benchmark::DoNotOptimize(J.data());
        });
    });
    // One product for every entry of J.
    report(state, time, numbers);
  }



  /// J V with dense V, as the reduced matrix of rsvd needs it.
  void
  dense_product(State &state)
  {
    const Network       network = fully_connected();
    const std::size_t   m       = network.n_parameters();
    const ExplicitBasis basis(network,
                              test::random_block(m, sizes.columns),
                              "dense",
                              true);
    const Block points = test::random_points(2, sizes.explicit_rows, -1, 1);
    const Block JV     = make_block(sizes.explicit_rows, sizes.columns);
    report(state,
           seconds([&]() { basis.apply(points, JV); }),
           2. * sizes.explicit_rows * m * sizes.columns);
  }



  /// Sketch, projection and singular value decomposition; the floor are the
  /// products of the first two.
  void
  randomized_subspace(State &state)
  {
    const Network  network = fully_connected();
    const Sampling sample{test::random_points(2, sizes.subset, -1, 1), {}};
    TangentBasisParameters parameters;
    parameters.n_directions = sizes.columns;
    report(state,
           seconds([&]() {
             randomized_svd(network, sample, Communicator(), parameters);
           }),
           4. * sizes.subset * network.n_parameters() *
             (sizes.columns + parameters.oversampling));
  }



  void
  add(const std::string &name, const std::function<void(State &)> &run)
  {
    benchmark::RegisterBenchmark(name.c_str(), run)
      ->Iterations(1)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
  }



  void
  add_all()
  {
    const std::size_t n = sizes.rows, r = sizes.columns, w = sizes.width;
    const auto        add_gemm = [](const std::string &name,
                             const std::size_t  m,
                             const std::size_t  n,
                             const std::size_t  k) {
      add("gemm/" + name + "/" + std::to_string(m) + "x" + std::to_string(n) +
            "x" + std::to_string(k),
          [=](State &state) { gemm(state, m, n, k); });
    };
    add_gemm("large", 2000, 2000, 2000);
    add_gemm("factors", n, sizes.structured_columns, w);
    add_gemm("rows", sizes.explicit_rows, r, w * w * (sizes.depth - 1));

    add("qr/append_rows", append_rows);
    add("qr/householder", [](State &state) { qr(state, householder_qr); });
    add("qr/cholesky", [](State &state) {
      qr(state, [](const Block &A) {
        require(cholesky_qr(A).has_value(), "cholesky_qr has refused");
      });
    });
    if (blocks_on_host)
      add("least_squares/lapack_geqp3", lapack_pivoted_qr);
    add("least_squares/pivoting", pivoting);
    add("least_squares/profile", profile);
    add("least_squares/tikhonov", regularization);

    add("structured/product", structured_product);
    add("structured/refinement", structured_refinement);
    add("dense/jacobian_rows", jacobian_rows);
    add("dense/product", dense_product);
    add("dense/randomized_svd", randomized_subspace);
  }



  void
  parse(CLI::App &app, const int argc, char **argv)
  {
    const auto option =
      [&app](const char *name, auto &value, const char *text) {
        app.add_option(name, value, text)->capture_default_str();
      };
    option("--rows", sizes.rows, "rows of the least-squares problem");
    option("--columns", sizes.columns, "directions of a dense basis");
    option("--structured-columns",
           sizes.structured_columns,
           "structured directions");
    option("--subset", sizes.subset, "rows to make a dense basis from");
    option("--explicit-rows",
           sizes.explicit_rows,
           "rows for products with a dense basis");
    option("--width", sizes.width, "of the hidden layers");
    option("--depth", sizes.depth, "number of hidden layers");
    option("--threads", sizes.n_threads, "threads");
    option("--repetitions", sizes.repetitions, "of which the fastest counts");
    app.parse(argc, argv);
  }
} // namespace



int
main(int argc, char **argv)
{
  ensure_kokkos_initialized();
  benchmark::Initialize(&argc, argv);
  CLI::App app(
    "Time the stages of a refinement. Options --benchmark_* are those "
    "of Google Benchmark.");
  try
    {
      parse(app, argc, argv);
    }
  catch (const CLI::ParseError &error)
    {
      return app.exit(error);
    }
  Network::set_n_threads(sizes.n_threads);
  add_all();
  benchmark::RunSpecifiedBenchmarks();
}
