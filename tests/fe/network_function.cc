// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/network_function.h>
#include <lsr/network/fully_connected.h>

#include <deal.II/base/quadrature_lib.h>
#include <deal.II/dofs/dof_handler.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/grid/tria.h>
#include <deal.II/lac/vector.h>
#include <deal.II/numerics/vector_tools_integrate_difference.h>
#include <deal.II/numerics/vector_tools_interpolate.h>

#include <gtest/gtest.h>

#include <cmath>

#include "support/messages.h"
#include "support/models.h"
#include "support/temporary_folder.h"

using namespace lsr;
using namespace lsr::test;
using dealii::Point;
using dealii::Tensor;

namespace
{
  Network
  make_network(const unsigned int n_inputs, const unsigned int n_outputs)
  {
    FullyConnected model;
    model.n_inputs  = n_inputs;
    model.n_outputs = n_outputs;
    model.widths    = {11, 13};
    model.seed      = 3;
    return model.build();
  }

  /// A correction that is as large as the parameters.
  Column
  correction_of(const Network &network)
  {
    return random_column(network.n_parameters(), 4);
  }

  Network
  refined(const Network &network)
  {
    return network.refined(correction_of(network));
  }

  template <int dim>
  std::vector<Point<dim>>
  some_points(const std::size_t n)
  {
    const Block             block = random_points(dim, n);
    std::vector<Point<dim>> points(n);
    for (std::size_t i = 0; i < n; ++i)
      for (unsigned int d = 0; d < dim; ++d)
        points[i][d] = block(d, i);
    return points;
  }

  template <int dim>
  Block
  inputs(const std::vector<Point<dim>> &points,
         const unsigned int             n_inputs,
         const double                   time)
  {
    const Block block = make_block(n_inputs, points.size());
    for (std::size_t i = 0; i < points.size(); ++i)
      for (unsigned int d = 0; d < n_inputs; ++d)
        block(d, i) = d < dim ? points[i][d] : time;
    return block;
  }

  /// Lists of values against direct calls of the network.
  template <int dim>
  void
  expect_network(const NetworkFunction<dim>    &function,
                 const std::vector<Point<dim>> &points,
                 const double                   time)
  {
    const Network     &network    = function.network();
    const unsigned int n_outputs  = network.n_outputs();
    const std::size_t  n          = points.size() * n_outputs;
    const Block        x          = inputs(points, network.n_inputs(), time);
    const Column       values     = make_column(n);
    const Column       laplacians = make_column(n);
    const Block        gradients  = make_block(network.n_inputs(), n);
    network.evaluate(x, values);
    network.evaluate_gradients(x, gradients);
    network.evaluate_laplacians(x, dim, laplacians);

    ASSERT_EQ(function.n_components, n_outputs);
    std::vector<dealii::Vector<double>>      v(points.size(),
                                          dealii::Vector<double>(n_outputs));
    auto                                     l = v;
    std::vector<std::vector<Tensor<1, dim>>> g(
      points.size(), std::vector<Tensor<1, dim>>(n_outputs));
    function.vector_value_list(points, v);
    function.vector_laplacian_list(points, l);
    function.vector_gradient_list(points, g);
    for (std::size_t i = 0; i < points.size(); ++i)
      for (unsigned int c = 0; c < n_outputs; ++c)
        {
          EXPECT_EQ(v[i](c), values(i * n_outputs + c));
          EXPECT_EQ(l[i](c), laplacians(i * n_outputs + c));
          for (unsigned int d = 0; d < dim; ++d)
            EXPECT_EQ(g[i][c][d], gradients(d, i * n_outputs + c));
        }
  }

  /// All functions of the interface against the three that take everything.
  template <int dim>
  void
  expect_forms_agree(const dealii::Function<dim>   &function,
                     const std::vector<Point<dim>> &points)
  {
    const unsigned int n         = function.n_components;
    const double       tolerance = 1e-12;

    std::vector<dealii::Vector<double>>      v(points.size(),
                                          dealii::Vector<double>(n));
    auto                                     l = v;
    std::vector<std::vector<Tensor<1, dim>>> g(points.size(),
                                               std::vector<Tensor<1, dim>>(n));
    function.vector_value_list(points, v);
    function.vector_laplacian_list(points, l);
    function.vector_gradient_list(points, g);

    std::vector<std::vector<double>> by_component(
      n, std::vector<double>(points.size()));
    std::vector<std::vector<Tensor<1, dim>>> gradients_by_component(
      n, std::vector<Tensor<1, dim>>(points.size()));
    function.vector_values(points, by_component);
    function.vector_gradients(points, gradients_by_component);

    for (unsigned int c = 0; c < n; ++c)
      {
        std::vector<double>         values(points.size());
        std::vector<double>         laplacians(points.size());
        std::vector<Tensor<1, dim>> gradients(points.size());
        function.value_list(points, values, c);
        function.laplacian_list(points, laplacians, c);
        function.gradient_list(points, gradients, c);
        for (std::size_t i = 0; i < points.size(); ++i)
          {
            const Point<dim>           &p = points[i];
            dealii::Vector<double>      value(n), laplacian(n);
            std::vector<Tensor<1, dim>> gradient(n);
            function.vector_value(p, value);
            function.vector_laplacian(p, laplacian);
            function.vector_gradient(p, gradient);
            for (const double x : {by_component[c][i],
                                   values[i],
                                   value(c),
                                   function.value(p, c)})
              EXPECT_NEAR(x, v[i](c), tolerance);
            for (const double x :
                 {laplacians[i], laplacian(c), function.laplacian(p, c)})
              EXPECT_NEAR(x, l[i](c), tolerance);
            for (const auto &x : {gradients_by_component[c][i],
                                  gradients[i],
                                  gradient[c],
                                  function.gradient(p, c)})
              EXPECT_LT((x - g[i][c]).norm(), tolerance);
          }
      }
  }

  template <int dim>
  void
  expect_derivatives(const dealii::Function<dim>   &function,
                     const std::vector<Point<dim>> &points)
  {
    const double h = 1e-5;
    for (unsigned int c = 0; c < function.n_components; ++c)
      for (const Point<dim> &p : points)
        {
          const Tensor<1, dim> gradient = function.gradient(p, c);
          Tensor<1, dim>       difference;
          double               divergence = 0;
          for (unsigned int d = 0; d < dim; ++d)
            {
              Point<dim> left = p, right = p;
              left[d] -= h;
              right[d] += h;
              difference[d] =
                (function.value(right, c) - function.value(left, c)) / (2 * h);
              divergence += (function.gradient(right, c)[d] -
                             function.gradient(left, c)[d]) /
                            (2 * h);
            }
          EXPECT_GT(gradient.norm(), 1e-3);
          EXPECT_LT((gradient - difference).norm(), 1e-7 * gradient.norm());
          const double laplacian = function.laplacian(p, c);
          EXPECT_NEAR(laplacian, divergence, 1e-7 * (1 + std::abs(laplacian)));
        }
  }

  Network::Scaling
  some_scaling(const unsigned int n_inputs, const unsigned int n_outputs)
  {
    Network::Scaling scaling;
    for (unsigned int d = 0; d < n_inputs; ++d)
      {
        scaling.input_shift.push_back(0.1 + 0.3 * d);
        scaling.input_scale.push_back(1.7 - 0.2 * d);
      }
    for (unsigned int c = 0; c < n_outputs; ++c)
      {
        scaling.output_shift.push_back(-0.4 + c);
        scaling.output_scale.push_back(2.3 + c);
      }
    return scaling;
  }

  template <int dim>
  std::vector<double>
  values(const dealii::Function<dim>   &function,
         const std::vector<Point<dim>> &points,
         const unsigned int             component)
  {
    std::vector<double> result(points.size());
    function.value_list(points, result, component);
    return result;
  }

  template <int dim>
  void
  expect_function_of_a_network()
  {
    const NetworkFunction<dim> function(make_network(dim, 2));
    const auto                 points = some_points<dim>(5);
    expect_network(function, points, 0.);
    expect_forms_agree(function, points);
    expect_derivatives(function, points);
  }

  template <int dim>
  void
  expect_function_of_time()
  {
    NetworkFunction<dim> function(make_network(dim + 1, 2));
    const auto           points = some_points<dim>(5);
    std::vector<double>  at_zero;
    for (const double time : {0., 0.7})
      {
        function.set_time(time);
        expect_network(function, points, time);
        expect_forms_agree(function, points);
        expect_derivatives(function, points);
        if (time == 0.)
          at_zero = values(function, points, 1);
        else
          EXPECT_GT(std::abs(values(function, points, 1)[0] - at_zero[0]),
                    0.01);
      }
  }

  template <int dim>
  void
  expect_refined_function(const unsigned int n_inputs)
  {
    const Network        network    = make_network(n_inputs, 2);
    const Column         correction = correction_of(network);
    NetworkFunction<dim> function(network.refined(correction));
    const double         time = n_inputs > dim ? 0.4 : 0.;
    function.set_time(time);

    const auto  points = some_points<dim>(5);
    const Block x      = inputs(points, n_inputs, time);
    const Block JV     = make_block(2 * points.size(), 1);
    const auto  q      = make_column(2 * points.size());
    network.evaluate(x, q);
    network.jacobian_times(x, as_block(correction), JV);
    double change = 0;
    for (unsigned int c = 0; c < 2; ++c)
      {
        const std::vector<double> refined_values = values(function, points, c);
        for (std::size_t i = 0; i < points.size(); ++i)
          {
            EXPECT_NEAR(refined_values[i],
                        q(2 * i + c) + JV(2 * i + c, 0),
                        1e-13 * (1 + std::abs(JV(2 * i + c, 0))));
            change =
              std::max(change, std::abs(refined_values[i] - q(2 * i + c)));
          }
      }
    EXPECT_GT(change, 0.1);
    expect_forms_agree(function, points);
    expect_derivatives(function, points);
  }

  /// Save with a scaling, load, and compare all values.
  template <int dim>
  void
  expect_the_same_after_saving(const unsigned int n_inputs)
  {
    const TemporaryFolder  folder;
    const Network::Scaling scaling = some_scaling(n_inputs, 2);
    make_network(n_inputs, 2).save(folder.file("network.pt"));
    const Network network = refined(
      Network::load(folder.file("network.pt"), n_inputs, 2, {scaling, {}, ""}));
    network.save(folder.file("refined.pt"));

    const bool           has_time = n_inputs > dim;
    NetworkFunction<dim> before(network);
    NetworkFunction<dim> after(folder.file("refined.pt"), 2, has_time);
    before.set_time(0.3);
    after.set_time(0.3);
    const auto points = some_points<dim>(50);
    for (unsigned int c = 0; c < 2; ++c)
      EXPECT_EQ(values(after, points, c), values(before, points, c));
    expect_derivatives(after, some_points<dim>(3));

    // The scaling is that of the file.
    EXPECT_EQ(after.network().scaling().input_scale, scaling.input_scale);
    EXPECT_NO_THROW(
      NetworkFunction<dim>(folder.file("refined.pt"), 2, has_time, scaling));
    expect_contains(message([&]() {
                      NetworkFunction<dim>(
                        folder.file("refined.pt"),
                        2,
                        has_time,
                        {std::vector<double>(n_inputs, 7.), {}, {}, {}});
                    }),
                    "its own input shift");
  }

  /// Interpolate on a mesh of 2^level cells in each direction, and return the
  /// distance to the function in L2 and in the H1 seminorm.
  template <int dim>
  std::pair<double, double>
  interpolation_errors(const dealii::Function<dim> &function,
                       const unsigned int           level)
  {
    dealii::Triangulation<dim> mesh;
    dealii::GridGenerator::hyper_cube(mesh);
    mesh.refine_global(level);
    const dealii::FESystem<dim> element(dealii::FE_Q<dim>(2),
                                        function.n_components);
    dealii::DoFHandler<dim>     dof_handler(mesh);
    dof_handler.distribute_dofs(element);
    dealii::Vector<double> u(dof_handler.n_dofs());
    dealii::VectorTools::interpolate(dof_handler, function, u);

    const auto distance = [&](const dealii::VectorTools::NormType norm) {
      dealii::Vector<double> errors(mesh.n_active_cells());
      dealii::VectorTools::integrate_difference(
        dof_handler, u, function, errors, dealii::QGauss<dim>(4), norm);
      return dealii::VectorTools::compute_global_error(mesh, errors, norm);
    };
    return {distance(dealii::VectorTools::L2_norm),
            distance(dealii::VectorTools::H1_seminorm)};
  }

  template <int dim>
  void
  expect_orders_of_interpolation(const unsigned int level)
  {
    const Network              network = make_network(dim, 2);
    const NetworkFunction<dim> function(network);
    const NetworkFunction<dim> refined_function(refined(network));
    for (const dealii::Function<dim> *f :
         {static_cast<const dealii::Function<dim> *>(&function),
          static_cast<const dealii::Function<dim> *>(&refined_function)})
      {
        const auto [coarse_L2, coarse_H1] = interpolation_errors(*f, level);
        const auto [L2, H1]               = interpolation_errors(*f, level + 1);
        EXPECT_NEAR(std::log2(coarse_L2 / L2), 3., 0.3);
        EXPECT_NEAR(std::log2(coarse_H1 / H1), 2., 0.3);
      }
  }
} // namespace

TEST(NetworkFunction, ValuesAndDerivativesAgreeInAllForms)
{
  expect_function_of_a_network<1>();
  expect_function_of_a_network<2>();
  expect_function_of_a_network<3>();
}

TEST(NetworkFunction, OneMoreInputIsTime)
{
  expect_function_of_time<1>();
  expect_function_of_time<2>();
  expect_function_of_time<3>();
}

TEST(NetworkFunction, AnEmptyListOfPointsIsNoMistake)
{
  const NetworkFunction<2>               function(make_network(2, 1));
  const std::vector<Point<2>>            points;
  std::vector<dealii::Vector<double>>    vectors;
  std::vector<std::vector<Tensor<1, 2>>> gradients;
  EXPECT_NO_THROW(function.vector_value_list(points, vectors));
  EXPECT_NO_THROW(function.vector_gradient_list(points, gradients));
  EXPECT_NO_THROW(function.vector_laplacian_list(points, vectors));
}

TEST(NetworkFunction, AnotherNumberOfInputsOrOutputsIsReported)
{
  expect_contains(message([]() { NetworkFunction<2> f(make_network(1, 1)); }),
                  "A network with 1 inputs cannot be a function of 2 "
                  "coordinates; expected 2, or 3 with time.");
  expect_contains(message([]() { NetworkFunction<1> f(make_network(3, 1)); }),
                  "A network with 3 inputs");
  expect_contains(message([]() {
                    NetworkFunction<3> f(refined(make_network(2, 1)));
                  }),
                  "A network with 2 inputs");

  const TemporaryFolder folder;
  const std::string     file = folder.file("network.pt");
  make_network(2, 1).save(file);
  EXPECT_NO_THROW(NetworkFunction<2> f(file));
  EXPECT_NO_THROW(NetworkFunction<1> f(file, 1, /* time_dependent = */ true));
  for (const std::string &text :
       {message([&]() { NetworkFunction<1> f(file); }),
        message([&]() { NetworkFunction<2> f(file, 2); }),
        message([&]() { NetworkFunction<2> f(file, 1, true); })})
    expect_contains(text, file);
}

TEST(NetworkFunction, InterpolatesAndIntegratesLikeAnyFunction)
{
  expect_orders_of_interpolation<1>(3);
  expect_orders_of_interpolation<2>(2);
  expect_orders_of_interpolation<3>(1);
}

TEST(NetworkFunction, OfARefinedNetworkHasTheCorrection)
{
  expect_refined_function<1>(1);
  expect_refined_function<2>(2);
  expect_refined_function<3>(3);
  expect_refined_function<1>(2);
  expect_refined_function<2>(3);
}

TEST(NetworkFunction, OfARefinedNetworkIsTheSameAfterSavingAndLoading)
{
  expect_the_same_after_saving<1>(1);
  expect_the_same_after_saving<2>(2);
  expect_the_same_after_saving<3>(3);
  expect_the_same_after_saving<2>(3);
}
