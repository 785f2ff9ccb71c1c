// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/lsr/report.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

namespace
{
  namespace fs = std::filesystem;
  using json   = nlohmann::json;

  lsr::Report
  example()
  {
    lsr::Report report;
    report.problem                  = "poisson";
    report.n_dofs                   = 16641;
    report.n_dofs_of_comparison     = 66049;
    report.n_parameters             = 83073;
    report.rank                     = 1000;
    report.subspace                 = "structured";
    report.norm                     = "dual";
    report.comparison.network.error = lsr::FieldErrors{1. / 3, 0.25, 0.5, true};
    report.comparison.refined.error = lsr::FieldErrors{1e-6, 2e-6, 3e-6, true};
    report.comparison.fem.error     = lsr::FieldErrors{1e-7, 2e-7, 3e-7, true};
    report.comparison.network.difference_to_fem.L2 = 0.125;
    report.comparison.refined.difference_to_fem.L2 = 1e-6;
    report.comparison.network.residual             = 2;
    report.comparison.refined.residual             = 1e-5;
    report.timer.add("load", 0.5);
    report.timer.add("subspace", 1.5);
    report.files   = {"solution.vtu"};
    report.profile = {{4, 1, 0.5}, {1, 2, 3}, {0, 1, 1.5}};
    return report;
  }

  json
  parsed(const lsr::Report &report)
  {
    return json::parse(lsr::to_json(report));
  }
} // namespace

TEST(Report, HasAllKeysAndDigits)
{
  const json report = parsed(example());
  EXPECT_EQ(report.at("problem"), "poisson");
  EXPECT_EQ(report.at("dofs"), 16641);
  EXPECT_EQ(report.at("dofs_of_comparison"), 66049);
  EXPECT_EQ(report.at("parameters"), 83073);
  EXPECT_EQ(report.at("rank"), 1000);
  EXPECT_EQ(report.at("subspace"), "structured");
  EXPECT_EQ(report.at("norm"), "dual");
  EXPECT_EQ(report.at("error").at("network").at("L2").get<double>(), 1. / 3);
  EXPECT_EQ(report.at("error").at("refined").at("H1"), 2e-6);
  EXPECT_EQ(report.at("error").at("fem").at("Linf"), 3e-7);
  EXPECT_EQ(report.at("error").at("relative"), true);
  EXPECT_EQ(report.at("difference_to_fem").at("network"), 0.125);
  EXPECT_EQ(report.at("difference_to_fem").at("refined"), 1e-6);
  EXPECT_EQ(report.at("residual").at("network"), 2);
  EXPECT_EQ(report.at("residual").at("refined"), 1e-5);
  EXPECT_EQ(report.at("seconds").at("load"), 0.5);
  EXPECT_EQ(report.at("seconds").at("subspace"), 1.5);
  for (const char *curve : {"rank", "loss", "condition", "coefficient_norm"})
    EXPECT_EQ(report.at("profile").at(curve).size(), 3u) << curve;
  EXPECT_EQ(report.at("profile").at("rank").at(2), 2);
  EXPECT_EQ(report.at("profile").at("loss").at(2), 0.5);
  EXPECT_EQ(report.at("files").at(0), "solution.vtu");
}

TEST(Report, UnknownAndNonFiniteNumbersAreNull)
{
  lsr::Report report                 = example();
  report.comparison.network.error    = std::nullopt;
  report.comparison.refined.residual = std::nan("");
  report.profile.condition[2]        = std::numeric_limits<double>::infinity();

  const json result = parsed(report);
  EXPECT_TRUE(result.at("error").at("network").at("L2").is_null());
  EXPECT_TRUE(result.at("residual").at("refined").is_null());
  EXPECT_TRUE(result.at("profile").at("condition").at(2).is_null());
  EXPECT_EQ(result.at("profile").at("condition").at(1), 2);
}

TEST(Report, AnEmptyOneIsValidToo)
{
  const json result = parsed(lsr::Report());
  EXPECT_TRUE(result.at("seconds").is_object());
  EXPECT_TRUE(result.at("profile").at("rank").is_array());
}

TEST(Report, BytesThatAreNoTextDoNotStopIt)
{
  lsr::Report report = example();
  report.problem     = "poisson\xff";
  EXPECT_EQ(parsed(report).at("rank"), 1000);
}

TEST(Report, IsWrittenToAFileAsAWhole)
{
  const fs::path folder =
    fs::temp_directory_path() / ("lsr_test_report_" + std::to_string(getpid()));
  fs::remove_all(folder);
  fs::create_directory(folder);
  lsr::write_report((folder / "report.json").string(),
                    example(),
                    MPI_COMM_SELF);

  std::ifstream in(folder / "report.json");
  EXPECT_EQ(json::parse(in), parsed(example()));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1);
  fs::remove_all(folder);
}

TEST(Report, TimesAddUp)
{
  std::ostringstream out;
  lsr::Timer         timer;
  timer.add("load", 0.25);
  timer.add("solve", 1.5);
  lsr::print_times(out, timer);
  EXPECT_LT(out.str().find("load"), out.str().find("solve"));
  EXPECT_NE(out.str().find("1.75"), std::string::npos);
}
