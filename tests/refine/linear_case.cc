// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/least_squares.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/linear_case.h>

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <thread>

#include "refine/hdf5_file.h"
#include "support/messages.h"
#include "support/models.h"
#include "support/residuals.h"
#include "support/temporary_folder.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  using Norm = Linearization::Norm;

  std::vector<double>
  random_numbers(const std::size_t n, const std::uint64_t seed)
  {
    return to_vector(random_column(n, seed));
  }

  // Values 0 and n - 1 are constrained: the first to a number, the last to a
  // combination of others.
  bool
  is_constrained(const std::size_t i, const std::size_t n)
  {
    return i == 0 || i == n - 1;
  }

  // A positive definite matrix of five diagonals; without symmetry if the norm
  // is Euclidean.
  Linearization
  example(const std::size_t n = 40, const Norm norm = Norm::energy)
  {
    Linearization result;
    result.norm               = norm;
    result.values             = random_numbers(n, 1);
    result.residual           = random_numbers(n, 2);
    result.jacobian.n_columns = n;
    for (std::size_t i = 0; i < n; ++i)
      {
        if (is_constrained(i, n))
          result.residual[i] = 0.;
        else
          for (std::size_t j = i < 2 ? 0 : i - 2; j < std::min(n, i + 3); ++j)
            if (!is_constrained(j, n))
              result.jacobian.add(j,
                                  i == j ? 4. + std::sin(i) :
                                  norm == Norm::energy ?
                                           std::cos(double(i) * j) :
                                           std::cos(i + 2. * j));
        result.jacobian.end_row();
      }
    result.constrained           = {0, n - 1};
    result.constraints.n_columns = n;
    result.constraints.end_row();
    result.constraints.add(1, 0.25);
    result.constraints.add(3, 0.75);
    result.constraints.end_row();
    result.inhomogeneities = {7., -1.};
    return result;
  }

  Block
  dense(const CompressedRows &rows)
  {
    const HostBlock A("A", rows.n_rows(), rows.n_columns);
    for (std::size_t i = 0; i < rows.n_rows(); ++i)
      for (auto k = rows.starts[i]; k < rows.starts[i + 1]; ++k)
        A(i, rows.columns[k]) += rows.values[k];
    return to_memory_space(A);
  }

  Column
  evaluate(Residual &residual, const Column &q)
  {
    const Column f = make_column(residual.n_rows());
    residual.evaluate(q, f);
    return f;
  }

  // A^{-1} f by a dense factorization, without the constrained rows.
  Column
  dense_solve(const Linearization &linearization, const Column &f)
  {
    const std::size_t n     = f.size() - 2;
    const Block       A     = dense(linearization.jacobian);
    const Block       inner = Kokkos::subview(A,
                                        Kokkos::make_pair(1, int(n) + 1),
                                        Kokkos::make_pair(1, int(n) + 1));
    const Block       N     = make_block(n, n);
    const Column      b     = make_column(n);
    Kokkos::deep_copy(N, inner);
    Kokkos::deep_copy(b, Kokkos::subview(f, Kokkos::make_pair(1, int(n) + 1)));
    const Column y = LeastSquares::from_normal_equations(N, b, 0.).solve();
    const Column x = make_column(n + 2);
    Kokkos::deep_copy(Kokkos::subview(x, Kokkos::make_pair(1, int(n) + 1)), y);
    return x;
  }

  // A case with two outputs of which not all are values, in another order.
  LinearCase
  case_of_two_outputs()
  {
    LinearCase     problem;
    FullyConnected layout;
    layout.widths    = {12, 12};
    layout.n_outputs = 2;
    layout.seed      = 5;
    const TemporaryFolder folder;
    layout.build().save(folder.file("model.pt"));
    problem.model = folder.read("model.pt");

    problem.name                 = "two outputs";
    problem.scaling.input_shift  = {0.25, -1.};
    problem.scaling.input_scale  = {2., 0.5};
    problem.scaling.output_shift = {1., 0.};
    problem.scaling.output_scale = {1., 3.};
    problem.n_outputs            = 2;
    problem.sampling.points      = random_points(2, 30);
    for (std::size_t i = 0; i < 40; ++i)
      problem.sampling.rows.push_back(59 - i);
    problem.linearization                          = example(40);
    problem.basis.type                             = "rsvd";
    problem.basis.n_directions                     = 17;
    problem.basis.oversampling                     = 3;
    problem.basis.n_sample_points                  = 25;
    problem.basis.precision                        = Precision::mixed;
    problem.basis.seed                             = ~std::uint64_t(4);
    problem.basis.scale_by_inverse_singular_values = true;
    problem.refinement.rank                        = 11;
    problem.refinement.rank_slack                  = 0.125;
    problem.refinement.drop_tolerance              = 1e-9;
    return problem;
  }

  // The data sets of a file.
  const std::vector<const char *> array_names   = {"points",
                                                   "network/input_shift",
                                                   "network/input_scale",
                                                   "network/output_shift",
                                                   "network/output_scale",
                                                   "values",
                                                   "residual",
                                                   "jacobian/values",
                                                   "constraints/values",
                                                   "constraints/inhomogeneities",
                                                   "refinement/rank_slack",
                                                   "refinement/drop_tolerance"};
  const std::vector<const char *> integer_names = {
    "format_version",
    "rows",
    "network/outputs",
    "jacobian/starts",
    "jacobian/columns",
    "constraints/constrained",
    "constraints/starts",
    "constraints/columns",
    "subspace/directions",
    "subspace/oversampling",
    "subspace/sample_points",
    "subspace/scale_by_inverse_singular_values",
    "subspace/seed",
    "refinement/rank"};
  const std::vector<const char *> text_names = {"name",
                                                "norm",
                                                "subspace/type",
                                                "subspace/precision"};

  struct LinearCaseFile : testing::Test
  {
    std::string
    path(const std::string &name = "case.h5") const
    {
      return folder.file(name);
    }

    // Write a good case with something wrong in it, and return the message of
    // load().
    std::string
    refusal_of(const std::function<void(HDF5Content &)> &spoil) const
    {
      case_of_two_outputs().save(path("good.h5"));
      const HDF5File file(path("good.h5"));
      HDF5Content    content;
      for (const char *name : array_names)
        content.arrays[name] = file.read(name);
      for (const char *name : integer_names)
        content.integers[name] = file.read_integers(name);
      for (const char *name : text_names)
        content.texts[name] = file.read_text(name);
      content.bytes["network/model"] = file.read_bytes("network/model");
      spoil(content);
      folder.write("case.h5", hdf5_image(content));
      return refusal();
    }

    // The message of load() about a file.
    std::string
    refusal(const std::string &name = "case.h5") const
    {
      return message([&]() { LinearCase::load(path(name)); });
    }

    const TemporaryFolder folder;
  };
} // namespace

TEST(LinearizedResidual, HasItsJacobian)
{
  for (const Norm norm : {Norm::euclidean, Norm::energy})
    {
      LinearizedResidual residual(example(40, norm));
      expect_jacobian(residual, random_column(40, 3));
    }
}

TEST(LinearizedResidual, IsTheGivenOneAtTheGivenValues)
{
  const Linearization linearization = example();
  LinearizedResidual  residual(linearization);
  EXPECT_EQ(relative_difference(evaluate(residual,
                                         to_column(linearization.values)),
                                to_column(linearization.residual)),
            0.);
  EXPECT_EQ(residual.n_values(), 40u);
  EXPECT_EQ(residual.n_rows(), 40u);
  EXPECT_FALSE(residual.inner_product().diagonal());
}

TEST(LinearizedResidual, ConstraintsDetermineValues)
{
  const LinearizedResidual residual(example());
  const Column             conforming = random_column(40, 3);
  residual.distribute(conforming);
  const HostColumn q      = to_host(conforming),
                   before = to_host(random_column(40, 3));
  EXPECT_EQ(q(0), 7.);
  EXPECT_NEAR(q(39), 0.25 * q(1) + 0.75 * q(3) - 1., 1e-15);
  const Block constrained = random_block(40, 2, 4);
  residual.set_zero(constrained);
  const HostBlock X = to_host(constrained), Y = to_host(random_block(40, 2, 4));
  for (std::size_t i = 0; i < 40; ++i)
    for (std::size_t j = 0; j < 2; ++j)
      {
        EXPECT_EQ(X(i, j), is_constrained(i, 40) ? 0. : Y(i, j));
        EXPECT_TRUE(is_constrained(i, 40) || q(i) == before(i));
      }
}

TEST(LinearizedResidual, EnergyNormInvertsTheJacobian)
{
  const Linearization linearization = example();
  LinearizedResidual  residual(linearization);
  const Column        f = evaluate(residual, random_column(40, 5));
  const Column        x = dense_solve(linearization, f);
  EXPECT_NEAR(residual.norm(f), std::sqrt(dot(f, x)), 1e-12 * residual.norm(f));
  const Block S = residual.inner_product().solve(as_block(f));
  EXPECT_LT(relative_difference(S, as_block(x)), 1e-12);
  const Block X = random_block(40, 2), AX = make_block(40, 2);
  residual.apply_jacobian(X, AX);
  EXPECT_TRUE(residual.inner_product().gram_is_jacobian_of(residual));
}

TEST(LinearizedResidual, NormOfNothingIsZeroAndOfNoNumberNone)
{
  LinearizedResidual residual(example());
  const Column       f = make_column(40);
  EXPECT_EQ(residual.norm(f), 0.);
  set_entry(f, 3, std::numeric_limits<double>::quiet_NaN());
  EXPECT_TRUE(std::isnan(residual.norm(f)));
}

TEST(LinearizedResidual, EuclideanNormIsEuclideanAndMayBeRectangular)
{
  Linearization linearization = example(40, Norm::euclidean);
  linearization.residual.resize(30);
  linearization.jacobian.starts.resize(31);
  linearization.jacobian.columns.resize(linearization.jacobian.starts.back());
  linearization.jacobian.values.resize(linearization.jacobian.starts.back());
  LinearizedResidual residual(linearization);
  const Column       f = evaluate(residual, random_column(40, 5));
  EXPECT_DOUBLE_EQ(residual.norm(f), norm(f));
  EXPECT_FALSE(residual.inner_product().gram_is_jacobian_of(residual));
}

TEST(LinearizedResidual, JacobiansWithoutAnEnergyAreRefused)
{
  const auto refusal = [](const std::function<void(Linearization &)> &spoil) {
    Linearization linearization = example();
    spoil(linearization);
    return message([&]() {
      LinearizedResidual residual(linearization);
      residual.norm(to_column(linearization.residual));
    });
  };
  EXPECT_EQ(refusal([](Linearization &) {}), "");
  expect_contains(refusal(
                    [](Linearization &l) { l.jacobian.values[1] += 1e-3; }),
                  "symmetric");
  expect_contains(refusal([](Linearization &l) {
                    for (double &x : l.jacobian.values)
                      x = -x;
                  }),
                  "positive definite");
  // Positive on the diagonal, but indefinite.
  expect_contains(refusal([](Linearization &l) {
                    for (std::size_t i = 0; i < 40; ++i)
                      for (auto k = l.jacobian.starts[i];
                           k < l.jacobian.starts[i + 1];
                           ++k)
                        l.jacobian.values[k] = 1.;
                  }),
                  "positive definite");
  expect_contains(refusal([](Linearization &l) { l.residual[0] = 1.; }),
                  "row 0");
}

TEST(LinearizedResidual, SizesThatDoNotFitAreRefused)
{
  const auto refusal = [](const std::function<void(Linearization &)> &spoil) {
    Linearization linearization = example();
    spoil(linearization);
    return message([&]() { LinearizedResidual residual(linearization); });
  };
  expect_contains(refusal([](Linearization &l) { l.residual.pop_back(); }),
                  "jacobian: rows: 39 expected, found 40");
  expect_contains(refusal([](Linearization &l) { l.values.pop_back(); }),
                  "jacobian: columns: 39 expected, found 40");
  expect_contains(refusal([](Linearization &l) { l.jacobian.columns[0] = 40; }),
                  "jacobian");
  expect_contains(refusal([](Linearization &l) { l.jacobian.columns[0] = 0; }),
                  "columns of constrained values");
  expect_contains(refusal([](Linearization &l) { l.constrained[1] = 40; }),
                  "value 40 is constrained, but there are only 40");
  expect_contains(refusal([](Linearization &l) { l.constrained[1] = 0; }),
                  "value 0 is constrained twice");
  expect_contains(refusal(
                    [](Linearization &l) { l.constraints.columns[0] = 0; }),
                  "constrained itself");
  expect_contains(refusal(
                    [](Linearization &l) { l.inhomogeneities.pop_back(); }),
                  "inhomogeneities: 2 expected, found 1");
  expect_contains(refusal([](Linearization &l) {
                    l.values[4] = std::numeric_limits<double>::quiet_NaN();
                  }),
                  "values: finite numbers expected");
}

TEST_F(LinearCaseFile, IsReadBackBitByBit)
{
  const LinearCase problem = case_of_two_outputs();
  problem.save(path());
  const LinearCase read = LinearCase::load(path());
  EXPECT_EQ(read.name, problem.name);
  EXPECT_EQ(read.model, problem.model);
  EXPECT_EQ(read.scaling.input_shift, problem.scaling.input_shift);
  EXPECT_EQ(read.scaling.input_scale, problem.scaling.input_scale);
  EXPECT_EQ(read.scaling.output_shift, problem.scaling.output_shift);
  EXPECT_EQ(read.scaling.output_scale, problem.scaling.output_scale);
  EXPECT_EQ(read.n_outputs, 2u);
  EXPECT_EQ(relative_difference(read.sampling.points, problem.sampling.points),
            0.);
  EXPECT_EQ(read.sampling.rows, problem.sampling.rows);

  const Linearization &a = read.linearization, &b = problem.linearization;
  EXPECT_EQ(a.values, b.values);
  EXPECT_EQ(a.residual, b.residual);
  EXPECT_EQ(a.jacobian.n_columns, b.jacobian.n_columns);
  EXPECT_EQ(a.jacobian.starts, b.jacobian.starts);
  EXPECT_EQ(a.jacobian.columns, b.jacobian.columns);
  EXPECT_EQ(a.jacobian.values, b.jacobian.values);
  EXPECT_EQ(a.constrained, b.constrained);
  EXPECT_EQ(a.constraints.starts, b.constraints.starts);
  EXPECT_EQ(a.constraints.columns, b.constraints.columns);
  EXPECT_EQ(a.constraints.values, b.constraints.values);
  EXPECT_EQ(a.inhomogeneities, b.inhomogeneities);
  EXPECT_EQ(a.norm, b.norm);

  EXPECT_EQ(read.basis.type, "rsvd");
  EXPECT_EQ(read.basis.n_directions, 17u);
  EXPECT_EQ(read.basis.oversampling, 3u);
  EXPECT_EQ(read.basis.n_sample_points, 25u);
  EXPECT_EQ(read.basis.precision, Precision::mixed);
  EXPECT_EQ(read.basis.seed, ~std::uint64_t(4));
  EXPECT_TRUE(read.basis.scale_by_inverse_singular_values);
  EXPECT_EQ(read.refinement.rank, 11u);
  EXPECT_EQ(read.refinement.rank_slack, 0.125);
  EXPECT_EQ(read.refinement.drop_tolerance, 1e-9);
}

TEST_F(LinearCaseFile, IsTheSameForTheSameCase)
{
  const LinearCase problem = case_of_two_outputs();
  problem.save(path("a.h5"));
  // Times in HDF5 files are in seconds.
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  problem.save(path("b.h5"));
  EXPECT_TRUE(folder.read("a.h5") == folder.read("b.h5"));
}

TEST_F(LinearCaseFile, HasANetworkThatCanBeRefined)
{
  LinearCase problem = case_of_two_outputs();
  problem.save(path());
  problem                    = LinearCase::load(path());
  const Network      network = problem.load_network();
  LinearizedResidual residual(problem.linearization);
  problem.basis.type = "structured";
  const auto basis =
    make_tangent_basis(network, problem.basis, problem.sampling.points);
  const Refinement refined =
    refine(*basis, problem.sampling, residual, problem.refinement);
  EXPECT_EQ(refined.n_linearizations, 1u);
  EXPECT_EQ(refined.rank, 11u);
  EXPECT_LT(refined.refined_norm, 0.95 * refined.initial_norm);
  EXPECT_GT(refined.refined_norm, 0.);
}

TEST_F(LinearCaseFile, WithoutConstraintsAndRowsIsReadBack)
{
  LinearCase problem                          = case_of_two_outputs();
  problem.linearization                       = {};
  problem.linearization.values                = random_numbers(60, 1);
  problem.linearization.residual              = random_numbers(3, 1);
  problem.linearization.jacobian.n_columns    = 60;
  problem.linearization.jacobian.starts       = {0, 0, 0, 0};
  problem.linearization.constraints.n_columns = 60;
  problem.sampling.rows.clear();
  problem.scaling = {};
  problem.save(path());
  const LinearCase read = LinearCase::load(path());
  EXPECT_TRUE(read.sampling.rows.empty());
  EXPECT_TRUE(read.linearization.constrained.empty());
  EXPECT_TRUE(read.scaling.input_shift.empty());
  EXPECT_EQ(read.linearization.jacobian.n_rows(), 3u);
}

TEST_F(LinearCaseFile, FilesThatAreNoneAreRefused)
{
  expect_contains(refusal("none.h5"), "none.h5: no such file");
  expect_contains(message([&]() { LinearCase::load(folder.path.string()); }),
                  "not a regular file");
  folder.write("case.h5", "This is a text.");
  expect_contains(refusal(), "case.h5: not an HDF5 file");

  case_of_two_outputs().save(path());
  std::filesystem::resize_file(path(), std::filesystem::file_size(path()) / 2);
  expect_contains(refusal(), "case.h5: not an HDF5 file, or damaged");
}

TEST_F(LinearCaseFile, DamageIsSeenAnywhere)
{
  case_of_two_outputs().save(path());
  const std::string good = folder.read("case.h5");
  EXPECT_EQ(refusal(), "");
  for (std::size_t i = 0; i < good.size() - 100; i += good.size() / 50)
    {
      std::string damaged = good;
      damaged[i] ^= 4;
      folder.write("case.h5", damaged);
      expect_contains(refusal(), "checksum");
    }
}

TEST_F(LinearCaseFile, EveryDataSetHasToBeThere)
{
  EXPECT_EQ(refusal_of([](HDF5Content &) {}), "");
  const auto expect_missing = [&](const auto &names, auto HDF5Content::*sets) {
    for (const char *name : names)
      EXPECT_EQ(refusal_of([&](HDF5Content &c) { (c.*sets).erase(name); }),
                path() + ": the data set '" + name + "' is missing");
  };
  expect_missing(array_names, &HDF5Content::arrays);
  expect_missing(integer_names, &HDF5Content::integers);
  expect_missing(text_names, &HDF5Content::texts);
  expect_missing(std::vector<const char *>{"network/model"},
                 &HDF5Content::bytes);
}

TEST_F(LinearCaseFile, DataSetsThatDoNotFitAreRefused)
{
  const auto expect = [&](const std::function<void(HDF5Content &)> &spoil,
                          const std::string                        &part) {
    expect_contains(refusal_of(spoil), "case.h5", part);
  };
  expect([](HDF5Content &c) { c.integers["format_version"] = {1}; },
         "format version 1, expected 2");
  expect(
    [](HDF5Content &c) {
      c.integers["format_version"] = {2, 2};
    },
    "'format_version' has 2 entries, expected 1");
  expect([](HDF5Content &c) { c.texts["norm"] = "sup"; },
         "'norm' is 'sup', expected euclidean or energy");
  expect([](HDF5Content &c) { c.integers["rows"][0] = -1; },
         "'rows' has a negative entry");
  expect([](HDF5Content &c) { c.integers["rows"][0] = 60; },
         "numbers below 60");
  expect([](HDF5Content &c) { c.integers["network/outputs"] = {1}; },
         "numbers below 30");
  expect([](HDF5Content &c) { c.integers["network/outputs"] = {0}; },
         "outputs of the network expected");
  expect(
    [](HDF5Content &c) {
      c.arrays["values"] = {39, 1, random_numbers(39, 1)};
    },
    "39");
  expect(
    [](HDF5Content &c) {
      c.arrays["residual"] = {41, 1, random_numbers(41, 1)};
    },
    "41 expected, found 40");
  expect([](HDF5Content &c) { c.integers["jacobian/columns"][3] = 40; },
         "jacobian: columns from 0 to below 40 expected, found 40");
  expect([](HDF5Content &c) { c.integers["jacobian/starts"][3] = 1000; },
         "jacobian: starts of rows");
  expect([](HDF5Content &c) { c.integers["jacobian/columns"].pop_back(); },
         "jacobian: as many columns and values");
  expect(
    [](HDF5Content &c) {
      c.arrays["jacobian/values"].values[2] = std::nan("");
    },
    "'jacobian/values'");
  expect(
    [](HDF5Content &c) {
      c.arrays["points"].values[2] = std::numeric_limits<double>::infinity();
    },
    "'points'");
  expect(
    [](HDF5Content &c) {
      c.arrays.erase("residual");
      c.texts["residual"] = "none";
    },
    "'residual' has 0 dimensions, expected 1 or 2");
  expect(
    [](HDF5Content &c) {
      c.integers.erase("rows");
      c.arrays["rows"] = {40, 1, random_numbers(40, 1)};
    },
    "'rows' has no integers");
  expect(
    [](HDF5Content &c) {
      c.texts.erase("name");
      c.integers["name"] = {1};
    },
    "'name' is not one string");
  expect(
    [](HDF5Content &c) {
      c.bytes.erase("network/model");
      c.integers["network/model"] = {1, 2};
    },
    "'network/model' is not one row of bytes");
}

TEST_F(LinearCaseFile, ANetworkThatIsNoneIsRefused)
{
  LinearCase problem = case_of_two_outputs();
  problem.model.resize(problem.model.size() / 2);
  problem.save(path());
  expect_contains(message([&]() { LinearCase::load(path()).load_network(); }),
                  "two outputs",
                  "not a complete zip archive");
}

TEST_F(LinearCaseFile, WhatDoesNotFitTogetherIsNeitherWrittenNorLeftBehind)
{
  const auto refusal = [&](const std::function<void(LinearCase &)> &spoil) {
    LinearCase problem = case_of_two_outputs();
    spoil(problem);
    const std::string text = message([&]() { problem.save(path()); });
    EXPECT_EQ(folder.n_files(), 0u);
    return text;
  };
  expect_contains(refusal([](LinearCase &p) { p.sampling.rows[3] = 60; }),
                  "rows: numbers below 60 (points times outputs) "
                  "expected, found 60");
  expect_contains(refusal([](LinearCase &p) { p.sampling.rows.pop_back(); }),
                  "values: 39 expected, as many as the network gives, "
                  "found 40");
  expect_contains(refusal([](LinearCase &p) {
                    p.linearization.residual[3] =
                      std::numeric_limits<double>::quiet_NaN();
                  }),
                  "case.h5, residual: finite numbers");
  EXPECT_THROW(case_of_two_outputs().save(path("no folder/case.h5")), Error);
}
