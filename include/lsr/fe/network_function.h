// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_network_function_h
#define lsr_fe_network_function_h

#include <lsr/network/network.h>

#include <deal.II/base/function.h>

#include <optional>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * A neural network as a deal.II function: wherever a program takes a
   * dealii::Function, it takes a network.
   *
   * @code
   *   const NetworkFunction<dim> surrogate("surrogate.pt");
   *   VectorTools::interpolate(dof_handler, surrogate, solution);
   *   VectorTools::integrate_difference(
   *     dof_handler, solution, surrogate, ..., VectorTools::L2_norm);
   * @endcode
   *
   * Components are the outputs of the network. Its inputs are the coordinates
   * of a point, followed, if it has dim + 1 of them, by the time of the
   * function (see set_time()). Derivatives with respect to the coordinates are
   * exact, by automatic differentiation. For a refined network a value costs a
   * product with the Jacobian more.
   *
   * Calling a network for one point is hundreds of times more expensive per
   * point than calling it for many: prefer functions that take lists.
   */
  template <int dim>
  class NetworkFunction : public dealii::Function<dim>
  {
  public:
    /// The function of @p network. Throws if it has neither dim nor dim + 1
    /// inputs.
    explicit NetworkFunction(const Network &network);

    /**
     * Load a file, see Network::load(). Where @p n_components is given, the
     * network must have that many outputs; if @p time_dependent, it must have
     * dim + 1 inputs.
     */
    explicit NetworkFunction(
      const std::string                 &path,
      const std::optional<unsigned int> &n_components   = std::nullopt,
      const bool                         time_dependent = false,
      const Network::Scaling            &scaling        = {});

    /// The network itself.
    const Network &
    network() const
    {
      return network_;
    }

    double
    value(const dealii::Point<dim> &p,
          const unsigned int        component = 0) const override;

    void
    vector_value(const dealii::Point<dim> &p,
                 dealii::Vector<double>   &values) const override;

    void
    value_list(const std::vector<dealii::Point<dim>> &points,
               std::vector<double>                   &values,
               const unsigned int component = 0) const override;

    void
    vector_value_list(
      const std::vector<dealii::Point<dim>> &points,
      std::vector<dealii::Vector<double>>   &values) const override;

    void
    vector_values(const std::vector<dealii::Point<dim>> &points,
                  std::vector<std::vector<double>>      &values) const override;

    dealii::Tensor<1, dim>
    gradient(const dealii::Point<dim> &p,
             const unsigned int        component = 0) const override;

    void
    vector_gradient(
      const dealii::Point<dim>            &p,
      std::vector<dealii::Tensor<1, dim>> &gradients) const override;

    void
    gradient_list(const std::vector<dealii::Point<dim>> &points,
                  std::vector<dealii::Tensor<1, dim>>   &gradients,
                  const unsigned int component = 0) const override;

    void
    vector_gradients(const std::vector<dealii::Point<dim>> &points,
                     std::vector<std::vector<dealii::Tensor<1, dim>>>
                       &gradients) const override;

    void
    vector_gradient_list(const std::vector<dealii::Point<dim>> &points,
                         std::vector<std::vector<dealii::Tensor<1, dim>>>
                           &gradients) const override;

    double
    laplacian(const dealii::Point<dim> &p,
              const unsigned int        component = 0) const override;

    void
    vector_laplacian(const dealii::Point<dim> &p,
                     dealii::Vector<double>   &values) const override;

    void
    laplacian_list(const std::vector<dealii::Point<dim>> &points,
                   std::vector<double>                   &values,
                   const unsigned int component = 0) const override;

    void
    vector_laplacian_list(
      const std::vector<dealii::Point<dim>> &points,
      std::vector<dealii::Vector<double>>   &values) const override;

  private:
    /// Points, and the time if the network wants it, as columns.
    Block
    as_block(const std::vector<dealii::Point<dim>> &points) const;

    const Network network_;
  };

} // namespace lsr

#endif
