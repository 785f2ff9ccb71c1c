// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/network_function.h>

#include <deal.II/base/exceptions.h>
#include <deal.II/lac/vector.h>

namespace lsr
{
  using dealii::ExcDimensionMismatch;
  using dealii::Point;
  using dealii::Tensor;

  template <int dim>
  NetworkFunction<dim>::NetworkFunction(
    const std::string                 &path,
    const std::optional<unsigned int> &n_components,
    const bool                         time_dependent,
    const Network::Scaling            &scaling)
    : NetworkFunction(Network::load(path,
                                    time_dependent ? dim + 1 : dim,
                                    n_components,
                                    {scaling, {}, ""}))
  {}



  template <int dim>
  NetworkFunction<dim>::NetworkFunction(const Network &network)
    : dealii::Function<dim>(network.n_outputs())
    , network_(network)
  {
    AssertThrow(network_.n_inputs() == dim || network_.n_inputs() == dim + 1,
                dealii::ExcMessage(
                  "A network with " + std::to_string(network_.n_inputs()) +
                  " inputs cannot be a function of " + std::to_string(dim) +
                  " coordinates; expected " + std::to_string(dim) + ", or " +
                  std::to_string(dim + 1) + " with time."));
  }



  template <int dim>
  Block
  NetworkFunction<dim>::as_block(const std::vector<Point<dim>> &points) const
  {
    const unsigned int n_inputs = network_.n_inputs();
    const Block        block    = make_block(n_inputs, points.size());
    const auto         host     = Kokkos::create_mirror_view(block);
    for (std::size_t i = 0; i < points.size(); ++i)
      {
        for (unsigned int d = 0; d < dim; ++d)
          host(d, i) = points[i][d];
        if (n_inputs > dim)
          host(dim, i) = this->get_time();
      }
    Kokkos::deep_copy(block, host);
    return block;
  }



  template <int dim>
  void
  NetworkFunction<dim>::vector_value_list(
    const std::vector<Point<dim>>       &points,
    std::vector<dealii::Vector<double>> &values) const
  {
    AssertThrow(values.size() == points.size(),
                ExcDimensionMismatch(values.size(), points.size()));
    const unsigned int n = this->n_components;
    const Column       q = make_column(points.size() * n);
    network_.evaluate(as_block(points), q);
    const auto host =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), q);
    for (std::size_t i = 0; i < points.size(); ++i)
      {
        AssertThrow(values[i].size() == n,
                    ExcDimensionMismatch(values[i].size(), n));
        for (unsigned int c = 0; c < n; ++c)
          values[i](c) = host(i * n + c);
      }
  }



  template <int dim>
  void
  NetworkFunction<dim>::vector_gradient_list(
    const std::vector<Point<dim>>            &points,
    std::vector<std::vector<Tensor<1, dim>>> &gradients) const
  {
    AssertThrow(gradients.size() == points.size(),
                ExcDimensionMismatch(gradients.size(), points.size()));
    const unsigned int n = this->n_components;
    const Block result   = make_block(network_.n_inputs(), points.size() * n);
    network_.evaluate_gradients(as_block(points), result);
    const auto host =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), result);
    for (std::size_t i = 0; i < points.size(); ++i)
      {
        AssertThrow(gradients[i].size() == n,
                    ExcDimensionMismatch(gradients[i].size(), n));
        for (unsigned int c = 0; c < n; ++c)
          for (unsigned int d = 0; d < dim; ++d)
            gradients[i][c][d] = host(d, i * n + c);
      }
  }



  template <int dim>
  void
  NetworkFunction<dim>::vector_laplacian_list(
    const std::vector<Point<dim>>       &points,
    std::vector<dealii::Vector<double>> &values) const
  {
    AssertThrow(values.size() == points.size(),
                ExcDimensionMismatch(values.size(), points.size()));
    const unsigned int n      = this->n_components;
    const Column       result = make_column(points.size() * n);
    network_.evaluate_laplacians(as_block(points), dim, result);
    const auto host =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), result);
    for (std::size_t i = 0; i < points.size(); ++i)
      {
        AssertThrow(values[i].size() == n,
                    ExcDimensionMismatch(values[i].size(), n));
        for (unsigned int c = 0; c < n; ++c)
          values[i](c) = host(i * n + c);
      }
  }



  // Everything else selects from the three functions above.

  template <int dim>
  void
  NetworkFunction<dim>::value_list(const std::vector<Point<dim>> &points,
                                   std::vector<double>           &values,
                                   const unsigned int component) const
  {
    AssertThrow(values.size() == points.size(),
                ExcDimensionMismatch(values.size(), points.size()));
    AssertIndexRange(component, this->n_components);
    std::vector<dealii::Vector<double>> all(
      points.size(), dealii::Vector<double>(this->n_components));
    vector_value_list(points, all);
    for (std::size_t i = 0; i < points.size(); ++i)
      values[i] = all[i](component);
  }



  template <int dim>
  void
  NetworkFunction<dim>::vector_values(
    const std::vector<Point<dim>>    &points,
    std::vector<std::vector<double>> &values) const
  {
    AssertThrow(values.size() == this->n_components,
                ExcDimensionMismatch(values.size(), this->n_components));
    std::vector<dealii::Vector<double>> all(
      points.size(), dealii::Vector<double>(this->n_components));
    vector_value_list(points, all);
    for (unsigned int c = 0; c < this->n_components; ++c)
      for (std::size_t i = 0; i < points.size(); ++i)
        values[c][i] = all[i](c);
  }



  template <int dim>
  double
  NetworkFunction<dim>::value(const Point<dim>  &p,
                              const unsigned int component) const
  {
    std::vector<double> values(1);
    value_list({p}, values, component);
    return values[0];
  }



  template <int dim>
  void
  NetworkFunction<dim>::vector_value(const Point<dim>       &p,
                                     dealii::Vector<double> &values) const
  {
    std::vector<dealii::Vector<double>> all(1, values);
    vector_value_list({p}, all);
    values = all[0];
  }



  template <int dim>
  void
  NetworkFunction<dim>::gradient_list(const std::vector<Point<dim>> &points,
                                      std::vector<Tensor<1, dim>>   &gradients,
                                      const unsigned int component) const
  {
    AssertThrow(gradients.size() == points.size(),
                ExcDimensionMismatch(gradients.size(), points.size()));
    AssertIndexRange(component, this->n_components);
    std::vector<std::vector<Tensor<1, dim>>> all(
      points.size(), std::vector<Tensor<1, dim>>(this->n_components));
    vector_gradient_list(points, all);
    for (std::size_t i = 0; i < points.size(); ++i)
      gradients[i] = all[i][component];
  }



  template <int dim>
  void
  NetworkFunction<dim>::vector_gradients(
    const std::vector<Point<dim>>            &points,
    std::vector<std::vector<Tensor<1, dim>>> &gradients) const
  {
    AssertThrow(gradients.size() == this->n_components,
                ExcDimensionMismatch(gradients.size(), this->n_components));
    std::vector<std::vector<Tensor<1, dim>>> all(
      points.size(), std::vector<Tensor<1, dim>>(this->n_components));
    vector_gradient_list(points, all);
    for (unsigned int c = 0; c < this->n_components; ++c)
      for (std::size_t i = 0; i < points.size(); ++i)
        gradients[c][i] = all[i][c];
  }



  template <int dim>
  Tensor<1, dim>
  NetworkFunction<dim>::gradient(const Point<dim>  &p,
                                 const unsigned int component) const
  {
    std::vector<Tensor<1, dim>> gradients(1);
    gradient_list({p}, gradients, component);
    return gradients[0];
  }



  template <int dim>
  void
  NetworkFunction<dim>::vector_gradient(
    const Point<dim>            &p,
    std::vector<Tensor<1, dim>> &gradients) const
  {
    std::vector<std::vector<Tensor<1, dim>>> all(1, gradients);
    vector_gradient_list({p}, all);
    gradients = all[0];
  }



  template <int dim>
  void
  NetworkFunction<dim>::laplacian_list(const std::vector<Point<dim>> &points,
                                       std::vector<double>           &values,
                                       const unsigned int component) const
  {
    AssertThrow(values.size() == points.size(),
                ExcDimensionMismatch(values.size(), points.size()));
    AssertIndexRange(component, this->n_components);
    std::vector<dealii::Vector<double>> all(
      points.size(), dealii::Vector<double>(this->n_components));
    vector_laplacian_list(points, all);
    for (std::size_t i = 0; i < points.size(); ++i)
      values[i] = all[i](component);
  }



  template <int dim>
  double
  NetworkFunction<dim>::laplacian(const Point<dim>  &p,
                                  const unsigned int component) const
  {
    std::vector<double> values(1);
    laplacian_list({p}, values, component);
    return values[0];
  }



  template <int dim>
  void
  NetworkFunction<dim>::vector_laplacian(const Point<dim>       &p,
                                         dealii::Vector<double> &values) const
  {
    std::vector<dealii::Vector<double>> all(1, values);
    vector_laplacian_list({p}, all);
    values = all[0];
  }



  template class NetworkFunction<1>;
  template class NetworkFunction<2>;
  template class NetworkFunction<3>;
} // namespace lsr
